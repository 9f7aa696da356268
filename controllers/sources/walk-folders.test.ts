import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { realClock } from '../../engine/ports/real-clock.ts'
import { FileMemory } from './file-memory.ts'
import { type Walk, walkFiles, walkFolders } from './file-walk.ts'

const PATHS = [
  'top.yaml',
  'a/1.yaml',
  'a/2.json',
  'a/b/3.yaml',
  'c/4.yaml',
  'c/.5.yaml',
  'a/no.txt',
]

const edits = fc.array(
  fc.record({
    path: fc.constantFrom(...PATHS.filter((path) => path.includes('/'))),
    text: fc.option(fc.string(), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 4 },
)

function folderOf(paths: readonly string[]): { root: string; memory: FileMemory } {
  const root = mkdtempSync(join(tmpdir(), 'headgate-narrow-'))
  for (const path of paths) write(root, path, 'a: 1')
  return { root, memory: new FileMemory(realClock) }
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const comparable = ({ files, notes, unreadable }: Walk): unknown => ({
  files: files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]).sort(),
  notes: [...notes].sort(),
  unreadable,
})

describe('a look at some folders', () => {
  test('finds what a look at everything finds, when nothing changed elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edits, { minLength: 1, maxLength: 4 }), async (rounds) => {
        const { root, memory } = folderOf(PATHS)
        let last = await walkFiles(root, memory)
        for (const round of rounds) {
          for (const { path, text } of round) {
            if (text === undefined) rmSync(join(root, path), { force: true })
            else write(root, path, text)
          }
          const folders = new Set(round.map(({ path }) => dirname(path)))
          const narrow = await walkFolders(root, folders, last, memory)
          const whole = await walkFiles(root, new FileMemory(realClock))
          expect(narrow && comparable(narrow)).toEqual(comparable(whole))
          last = narrow ?? whole
        }
        rmSync(root, { recursive: true })
      }),
      { numRuns: 50 },
    )
  })

  test('does not look where else something changed', async () => {
    const { root, memory } = folderOf(['a/1.yaml', 'c/4.yaml'])
    const last = await walkFiles(root, memory)
    write(root, 'c/4.yaml', 'changed')
    const narrow = await walkFolders(root, new Set(['a']), last, memory)
    expect(narrow && comparable(narrow)).toEqual(comparable(last))
  })

  test.each([
    ['a folder that went', (root: string) => rmSync(join(root, 'a'), { recursive: true }), 'a'],
    ['a link to a folder', (root: string) => symlinkSync('a', join(root, 'link')), 'link'],
    [
      'a file that cannot be examined',
      (root: string) => symlinkSync('nothing', join(root, 'a/dangling.yaml')),
      'a',
    ],
  ])('leaves %s to a look at everything', async (_, change, folder) => {
    const { root, memory } = folderOf(['a/1.yaml'])
    const last = await walkFiles(root, memory)
    change(root)
    expect(await walkFolders(root, new Set([folder]), last, memory)).toBeUndefined()
  })

  test('skips a folder that .headgateignore names', async () => {
    const { root, memory } = folderOf(['a/1.yaml', 'drafts/2.yaml'])
    writeFileSync(join(root, '.headgateignore'), 'drafts/\n')
    const last = await walkFiles(root, memory)
    const narrow = await walkFolders(root, new Set(['drafts']), last, memory)
    expect(narrow?.files.map(({ path }) => path)).toEqual(['a/1.yaml'])
  })
})
