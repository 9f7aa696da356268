import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { realClock } from '../../engine/ports/real-clock.ts'
import { impliedSource } from '../config/implied-source.ts'
import { inspectorOf } from '../sets/testing.ts'
import { DirectorySource } from './directory-source.ts'

const stream = (name: string): string =>
  `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: ${name}}\n`

describe('a folder as a source', () => {
  let folder: string
  let source: DirectorySource

  const open = (location: string): DirectorySource =>
    new DirectorySource({
      declaration: impliedSource(location, 'local'),
      clock: realClock,
      inspector: inspectorOf(),
      known: () => false,
      held: () => new Set(),
      directory: location,
    })
  const write = (path: string, text: string): Promise<void> => writeFile(join(folder, path), text)
  const names = async (): Promise<readonly string[]> =>
    [...(await source.read()).members.values()].map(({ identity }) => identity.name)

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headgate-source-'))
    source = open(folder)
  })
  afterEach(async () => {
    await source[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('reads every resource file beneath it, and no other', async () => {
    await mkdir(join(folder, 'deep/er'), { recursive: true })
    await mkdir(join(folder, '.headgate'))
    await write('a.yaml', stream('a'))
    await write('deep/er/b.yml', stream('b'))
    await write('README.md', '# nothing')
    await write('.headgate/c.yaml', stream('c'))
    await write('.d.yaml', stream('d'))
    await write('kustomization.yaml', 'resources: [a.yaml]')
    const set = await source.read()
    expect([...set.members.keys()]).toEqual(['Stream/default/a', 'Stream/default/b'])
    expect(set).toMatchObject({ complete: true, problems: [] })
    expect(set.notes).toEqual([
      '.d.yaml: skipped, a hidden file',
      'kustomization.yaml: skipped, it is for kustomize',
    ])
  })

  test('looks narrowly at a folder in which something happened, and at everything when merely asked', async () => {
    await mkdir(join(folder, 'a'))
    await write('a/x.yaml', stream('x'))
    await write('b.yaml', stream('b'))
    let told = Promise.withResolvers<void>()
    using _watching = source.watch(() => told.resolve())
    // The watch is there once it says that it is ready, which is no hint at a folder.
    await told.promise
    expect((await source.read()).isNarrow).toBeUndefined()
    let set = await source.read()
    for (let edit = 0; set.isNarrow === undefined; edit++) {
      told = Promise.withResolvers()
      await write('a/x.yaml', stream(`x${edit}`))
      await told.promise
      set = await source.read()
      expect([...set.members.keys()]).toEqual(['Stream/default/b', `Stream/default/x${edit}`])
    }
    expect((await source.read()).isNarrow).toBeUndefined()
  })

  test('leaves out what .headgateignore names', async () => {
    await write('.headgateignore', '# not ours\nvendor/\n*.local.yaml\n')
    await mkdir(join(folder, 'vendor'))
    await write('vendor/a.yaml', stream('a'))
    await write('b.local.yaml', stream('b'))
    await write('c.yaml', stream('c'))
    expect(await names()).toEqual(['c'])
  })

  test('sees a rename over a file as an edit, and its removal as absence', async () => {
    await write('a.yaml', stream('a'))
    expect(await names()).toEqual(['a'])
    await write('a.yaml~', stream('b'))
    await rename(join(folder, 'a.yaml~'), join(folder, 'a.yaml'))
    expect(await names()).toEqual(['b'])
    await unlink(join(folder, 'a.yaml'))
    expect(await source.read()).toMatchObject({ complete: true, members: new Map() })
  })

  test('is incomplete while a file that held resources is empty, cut or no resource', async () => {
    await write('a.yaml', `${stream('a')}---\n${stream('b')}`)
    expect((await source.read()).complete).toBe(true)
    for (const half of [
      '',
      '# gone\n',
      'other: mapping\n',
      `${stream('a')}---\napiVersion: head`,
    ]) {
      await write('a.yaml', half)
      const set = await source.read()
      expect(set.complete, half).toBe(false)
      expect(set.incompleteBecause.length, half).toBeGreaterThan(0)
    }
    await unlink(join(folder, 'a.yaml'))
    expect((await source.read()).complete).toBe(true)
  })

  test('is incomplete when the folder is away, and says so without rejecting', async () => {
    await write('a.yaml', stream('a'))
    await source.read()
    await rename(folder, `${folder}.away`)
    const set = await source.read()
    expect(set).toMatchObject({ complete: false, members: new Map() })
    expect(set.problems[0]?.code).toBe('SourceUnreadable')
    await rename(`${folder}.away`, folder)
    expect(await names()).toEqual(['a'])
  })

  test('is incomplete with a dangling link, a circle of links, or a folder where a file was', async () => {
    await write('a.yaml', stream('a'))
    await symlink('nowhere.yaml', join(folder, 'b.yaml'))
    expect(await source.read()).toMatchObject({ complete: false })
    await unlink(join(folder, 'b.yaml'))
    await symlink('c.yaml', join(folder, 'c.yaml'))
    const circle = await source.read()
    expect(circle.problems.map(({ file, message }) => `${file} ${message}`)).toEqual([
      'c.yaml expected a file or folder that can be read: its links lead in a circle (ELOOP)',
    ])
    await unlink(join(folder, 'c.yaml'))
    await unlink(join(folder, 'a.yaml'))
    await mkdir(join(folder, 'a.yaml'))
    expect(await source.read()).toMatchObject({ complete: false })
  })

  test('never follows a link out of the folder', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'headgate-outside-'))
    await writeFile(join(outside, 'secret.yaml'), stream('secret'))
    await symlink(join(outside, 'secret.yaml'), join(folder, 'a.yaml'))
    await symlink(outside, join(folder, 'more'))
    const set = await source.read()
    expect(set.members.size).toBe(0)
    expect(set.complete).toBe(false)
    expect(set.problems.map(({ file }) => file)).toEqual(['a.yaml', 'more'])
    await rm(outside, { recursive: true })
  })

  test('sees a mounted volume before or after its swap, never half of each', async () => {
    await mkdir(join(folder, '..one'))
    await mkdir(join(folder, '..two'))
    await write('..one/a.yaml', stream('first'))
    await write('..two/a.yaml', stream('second'))
    await symlink('..one', join(folder, '..data'))
    await symlink('..data/a.yaml', join(folder, 'a.yaml'))
    expect(await names()).toEqual(['first'])
    await symlink('..two', join(folder, '..data_tmp'))
    await rename(join(folder, '..data_tmp'), join(folder, '..data'))
    expect(await names()).toEqual(['second'])
  })

  test('follows a link that is the folder itself when it is turned to another one', async () => {
    await mkdir(join(folder, 'one'))
    await mkdir(join(folder, 'two'))
    await write('one/a.yaml', stream('first'))
    await write('two/a.yaml', stream('second'))
    await symlink('one', join(folder, 'current'))
    const linked = open(join(folder, 'current'))
    expect([...(await linked.read()).members.keys()]).toEqual(['Stream/default/first'])
    await symlink('two', join(folder, 'next'))
    await rename(join(folder, 'next'), join(folder, 'current'))
    expect([...(await linked.read()).members.keys()]).toEqual(['Stream/default/second'])
  })

  test('calls back when a file is written, and no more once it is disposed', async () => {
    let calls = 0
    let told = (): void => undefined
    const next = (): Promise<void> => new Promise((resolve) => (told = resolve))
    const first = next()
    const watch = source.watch(() => {
      calls++
      told()
    })
    await first
    const second = next()
    await write('a.yaml', stream('a'))
    await second
    watch[Symbol.dispose]()
    const before = calls
    await write('b.yaml', stream('b'))
    expect(await names()).toEqual(['a', 'b'])
    expect(calls).toBe(before)
  })
})
