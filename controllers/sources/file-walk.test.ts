import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { realClock } from '../../engine/ports/real-clock.ts'
import { FileMemory } from './file-memory.ts'
import { FOLDER_LEVELS_MAX, type Walk, walkFiles } from './file-walk.ts'

let root: string
let memory: FileMemory

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'headgate-sweep-'))
  memory = new FileMemory(realClock)
})

const walk = (): Promise<Walk> => walkFiles(root, memory)
const write = (path: string, text = 'a: 1'): void => {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), text)
}
const paths = ({ files }: Walk): string[] => files.map(({ path }) => path)
const text = (sweep: Walk, path: string): string =>
  Buffer.from(sweep.files.find((file) => file.path === path)?.bytes ?? []).toString()

describe('a walk through a folder', () => {
  test('finds YAML and JSON in all folders, in order of path, and nothing else', async () => {
    for (const path of ['b.yaml', 'a/c.yml', 'a/d.json', 'README.md', 'a/data.csv']) write(path)
    expect(paths(await walk())).toEqual(['a/c.yml', 'a/d.json', 'b.yaml'])
  })

  test('skips dotfiles and kustomization.yaml, and says so', async () => {
    for (const path of ['.hidden.yaml', 'kustomization.yaml', 'kept.yaml', '.headgate/x.yaml'])
      write(path)
    const sweep = await walk()
    expect(paths(sweep)).toEqual(['kept.yaml'])
    expect(sweep.notes).toEqual([
      '.hidden.yaml: skipped, a hidden file',
      'kustomization.yaml: skipped, it is for kustomize',
    ])
  })

  test('skips packages, and what lies beside modules for them', async () => {
    const names = ['package-lock.json', 'package.json', 'tsconfig.build.json', 'tsconfig.json']
    const packages = ['node_modules/a/package.json', 'node_modules/a/b.yaml']
    for (const path of [...names, ...packages, 'kept.json']) write(path)
    const sweep = await walk()
    expect(paths(sweep)).toEqual(['kept.json'])
    expect([...sweep.notes].sort()).toEqual(
      names.map((name) => `${name}: skipped, it is for packages and compilers`),
    )
  })

  test('leaves out what .headgateignore names', async () => {
    for (const path of ['kept.yaml', 'drafts/a.yaml', 'old.yaml']) write(path)
    write('.headgateignore', 'drafts/\nold.*\n')
    expect(paths(await walk())).toEqual(['kept.yaml'])
  })

  test('sees an edit that keeps size and modification time', async () => {
    write('a.yaml', 'a: 1')
    const past = new Date('2020-01-01')
    utimesSync(join(root, 'a.yaml'), past, past)
    await walk()
    write('a.yaml', 'a: 2')
    utimesSync(join(root, 'a.yaml'), past, past)
    expect(text(await walk(), 'a.yaml')).toBe('a: 2')
  })

  test('sees a file that is renamed over another', async () => {
    write('a.yaml', 'old')
    await walk()
    write('a.tmp', 'new')
    renameSync(join(root, 'a.tmp'), join(root, 'a.yaml'))
    expect(text(await walk(), 'a.yaml')).toBe('new')
  })

  test('follows the swap of a ..data link', async () => {
    write('..1/a.yaml', 'one')
    write('..2/a.yaml', 'two')
    symlinkSync('..1', join(root, '..data'))
    symlinkSync('..data/a.yaml', join(root, 'a.yaml'))
    expect(text(await walk(), 'a.yaml')).toBe('one')
    symlinkSync('..2', join(root, '..new'))
    renameSync(join(root, '..new'), join(root, '..data'))
    expect(text(await walk(), 'a.yaml')).toBe('two')
  })
})

describe('what a walk cannot examine is named', () => {
  const blindOf = async (): Promise<readonly { path: string; because: string }[]> =>
    (await walk()).unreadable

  test('a dangling link, a circle of links, a folder with the name of a file, a pipe', async () => {
    symlinkSync('nowhere', join(root, 'dangling.yaml'))
    symlinkSync('circle.yaml', join(root, 'circle.yaml'))
    mkdirSync(join(root, 'folder.yaml'))
    execFileSync('mkfifo', [join(root, 'pipe.yaml')])
    expect(await blindOf()).toEqual([
      { path: 'circle.yaml', because: 'its links lead in a circle (ELOOP)' },
      {
        path: 'dangling.yaml',
        because: 'it leads to nothing, or went away while it was read (ENOENT)',
      },
      { path: 'folder.yaml', because: 'expected a file, got a folder' },
      { path: 'pipe.yaml', because: 'expected a file, got something else' },
    ])
  })

  test('a link that leads out of the folder', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'headgate-outside-'))
    writeFileSync(join(outside, 'secret.yaml'), 'a: 1')
    symlinkSync(join(outside, 'secret.yaml'), join(root, 'a.yaml'))
    symlinkSync(outside, join(root, 'more'))
    const sweep = await walk()
    expect(sweep.files).toEqual([])
    expect(sweep.unreadable.map(({ path }) => path)).toEqual(['a.yaml', 'more'])
  })

  test(`a folder one below ${FOLDER_LEVELS_MAX} levels`, async () => {
    const deepest = Array.from({ length: FOLDER_LEVELS_MAX }, () => 'd').join('/')
    write(`${deepest}/a.yaml`)
    expect(await blindOf()).toEqual([])
    write(`${deepest}/d/b.yaml`)
    const sweep = await walk()
    expect(paths(sweep)).toEqual([`${deepest}/a.yaml`])
    expect(sweep.unreadable).toEqual([
      { path: `${deepest}/d`, because: `expected at most ${FOLDER_LEVELS_MAX} levels of folders` },
    ])
  })

  test('a link in a circle of folders is walked once', async () => {
    write('a/b.yaml')
    symlinkSync('..', join(root, 'a/up'))
    expect(paths(await walk())).toEqual(['a/b.yaml'])
  })
})
