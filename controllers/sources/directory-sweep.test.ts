import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { realClock } from '../../engine/ports/real-clock.ts'
import { DirectorySweeper, FOLDER_LEVELS_MAX, type Sweep } from './directory-sweep.ts'

let root: string
let sweeper: DirectorySweeper

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'headgate-sweep-'))
  sweeper = new DirectorySweeper(root, realClock)
})

const write = (path: string, text = 'a: 1'): void => {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), text)
}
const paths = ({ files }: Sweep): string[] => files.map(({ path }) => path)
const text = (sweep: Sweep, path: string): string =>
  Buffer.from(sweep.files.find((file) => file.path === path)?.bytes ?? []).toString()

describe('a sweep of a folder', () => {
  test('finds YAML and JSON in all folders, in order of path, and nothing else', async () => {
    for (const path of ['b.yaml', 'a/c.yml', 'a/d.json', 'README.md', 'a/data.csv']) write(path)
    expect(paths(await sweeper.sweep())).toEqual(['a/c.yml', 'a/d.json', 'b.yaml'])
  })

  test('skips dotfiles and kustomization.yaml, and says so', async () => {
    for (const path of ['.hidden.yaml', 'kustomization.yaml', 'kept.yaml', '.headgate/x.yaml'])
      write(path)
    const sweep = await sweeper.sweep()
    expect(paths(sweep)).toEqual(['kept.yaml'])
    expect(sweep.notes).toEqual([
      '.hidden.yaml is skipped: its name begins with a dot.',
      "kustomization.yaml is skipped: it is Kustomize's own file.",
    ])
  })

  test('leaves out what .headgateignore names', async () => {
    for (const path of ['kept.yaml', 'drafts/a.yaml', 'old.yaml']) write(path)
    write('.headgateignore', 'drafts/\nold.*\n')
    expect(paths(await sweeper.sweep())).toEqual(['kept.yaml'])
  })

  test('sees an edit that keeps size and modification time', async () => {
    write('a.yaml', 'a: 1')
    const past = new Date('2020-01-01')
    utimesSync(join(root, 'a.yaml'), past, past)
    await sweeper.sweep()
    write('a.yaml', 'a: 2')
    utimesSync(join(root, 'a.yaml'), past, past)
    expect(text(await sweeper.sweep(), 'a.yaml')).toBe('a: 2')
  })

  test('sees a file that is renamed over another', async () => {
    write('a.yaml', 'old')
    await sweeper.sweep()
    write('a.tmp', 'new')
    renameSync(join(root, 'a.tmp'), join(root, 'a.yaml'))
    expect(text(await sweeper.sweep(), 'a.yaml')).toBe('new')
  })

  test('follows the swap of a ..data link', async () => {
    write('..1/a.yaml', 'one')
    write('..2/a.yaml', 'two')
    symlinkSync('..1', join(root, '..data'))
    symlinkSync('..data/a.yaml', join(root, 'a.yaml'))
    expect(text(await sweeper.sweep(), 'a.yaml')).toBe('one')
    symlinkSync('..2', join(root, '..new'))
    renameSync(join(root, '..new'), join(root, '..data'))
    expect(text(await sweeper.sweep(), 'a.yaml')).toBe('two')
  })
})

describe('what a sweep cannot examine is named', () => {
  const blindOf = async (): Promise<readonly { path: string; why: string }[]> =>
    (await sweeper.sweep()).blind

  test('a folder that is gone', async () => {
    rmSync(root, { recursive: true })
    expect(await blindOf()).toEqual([
      { path: '', why: 'it does not exist, or is a link to nothing' },
    ])
  })

  test('a file where the folder should be', async () => {
    rmSync(root, { recursive: true })
    writeFileSync(root, '')
    expect(await blindOf()).toEqual([{ path: '', why: 'it is not a folder' }])
  })

  test('a dangling link, a circle of links, a folder with the name of a file, a pipe', async () => {
    symlinkSync('nowhere', join(root, 'dangling.yaml'))
    symlinkSync('circle.yaml', join(root, 'circle.yaml'))
    mkdirSync(join(root, 'folder.yaml'))
    execFileSync('mkfifo', [join(root, 'pipe.yaml')])
    expect(await blindOf()).toEqual([
      { path: 'circle.yaml', why: 'its links lead in a circle' },
      { path: 'dangling.yaml', why: 'it does not exist, or is a link to nothing' },
      { path: 'folder.yaml', why: 'it is a folder with the name of a file' },
      { path: 'pipe.yaml', why: 'it is not a regular file' },
    ])
  })

  test('a link that leads out of the folder', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'headgate-outside-'))
    writeFileSync(join(outside, 'secret.yaml'), 'a: 1')
    symlinkSync(join(outside, 'secret.yaml'), join(root, 'a.yaml'))
    symlinkSync(outside, join(root, 'more'))
    const sweep = await sweeper.sweep()
    expect(sweep.files).toEqual([])
    expect(sweep.blind.map(({ path }) => path)).toEqual(['a.yaml', 'more'])
  })

  test(`a folder one below ${FOLDER_LEVELS_MAX} levels`, async () => {
    const deepest = Array.from({ length: FOLDER_LEVELS_MAX }, () => 'd').join('/')
    write(`${deepest}/a.yaml`)
    expect(await blindOf()).toEqual([])
    write(`${deepest}/d/b.yaml`)
    const sweep = await sweeper.sweep()
    expect(paths(sweep)).toEqual([`${deepest}/a.yaml`])
    expect(sweep.blind).toEqual([
      { path: `${deepest}/d`, why: 'folders are nested deeper than 32 levels' },
    ])
  })

  test('a link in a circle of folders is walked once', async () => {
    write('a/b.yaml')
    symlinkSync('..', join(root, 'a/up'))
    expect(paths(await sweeper.sweep())).toEqual(['a/b.yaml'])
  })
})
