/**
 * Every way in which a folder can look empty, or smaller than it is: what happens to it, and whether that may take
 * anything away.
 */
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** What a person would call it. */
export type Looks =
  /** It cannot be told what is declared: nothing goes, however long that lasts. */
  | 'unreadable'
  /** Nothing, or much less than before, is declared: nothing goes without approval. */
  | 'empty'
  /** Just as much is declared as before. */
  | 'the same'
  /** A little less is declared, and it stays so: what is gone goes. */
  | 'a small edit'

export interface Way {
  readonly looks: Looks
  /** `folder` is what the source points at; it is a link to `real`. */
  readonly happens: (folder: string, real: string) => void
  /** What must not be done as root, who may read everything. */
  readonly needsUser?: true
}

export const STREAMS: readonly string[] = Array.from({ length: 12 }, (_, index) => `s${index}`)
/** One file holds the first four; of the others each has its own. */
const MANY = 'many.yaml'
const fileOf = (name: string): string => (STREAMS.indexOf(name) < 4 ? MANY : `${name}.yaml`)

export type SpecText = string

export function writeFolder(folder: string, spec: SpecText): void {
  mkdirSync(folder, { recursive: true })
  const texts = new Map<string, string[]>()
  for (const name of STREAMS) {
    const file = fileOf(name)
    texts.set(file, [...(texts.get(file) ?? []), documentOf(name, spec)])
  }
  for (const [file, documents] of texts) writeFileSync(join(folder, file), documents.join('---\n'))
}

function documentOf(name: string, spec: SpecText): string {
  return `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: ${name}}\nspec: ${spec}\n`
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

const one = (folder: string): string => join(folder, 's7.yaml')
const many = (folder: string): string => join(folder, MANY)
const removeAll = (folder: string, names: readonly string[]): void => {
  for (const file of new Set(names.map(fileOf))) unlinkSync(join(folder, file))
}
const OTHERS = STREAMS.slice(4)

export const WAYS: Readonly<Record<string, Way>> = {
  'it is unmounted, and its folder gone': {
    looks: 'unreadable',
    happens: (_, real) => renameSync(real, `${real}.away`),
  },
  'it is unmounted, and its folder empty': {
    looks: 'empty',
    happens: (folder) => removeAll(folder, STREAMS),
  },
  'the folder is a file': {
    looks: 'unreadable',
    happens: (_, real) => {
      renameSync(real, `${real}.away`)
      writeFileSync(real, '')
    },
  },
  'the link to it is broken': {
    looks: 'unreadable',
    happens: (folder, real) => {
      unlinkSync(folder)
      symlinkSync(`${real}.none`, folder)
    },
  },
  'the link to it is swapped to an empty folder': {
    looks: 'empty',
    happens: (folder, real) => {
      mkdirSync(`${real}.new`)
      unlinkSync(folder)
      symlinkSync(`${real}.new`, folder)
    },
  },
  'the link to it is swapped to the same files': {
    looks: 'the same',
    happens: (folder, real) => {
      renameSync(real, `${real}.new`)
      unlinkSync(folder)
      symlinkSync(`${real}.new`, folder)
    },
  },
  'a file is a link into nothing': {
    looks: 'unreadable',
    happens: (folder) => {
      unlinkSync(one(folder))
      symlinkSync('nowhere.yaml', one(folder))
    },
  },
  'a file is a link to itself': {
    looks: 'unreadable',
    happens: (folder) => {
      unlinkSync(one(folder))
      symlinkSync('s7.yaml', one(folder))
    },
  },
  'a folder is where a file was': {
    looks: 'unreadable',
    happens: (folder) => {
      unlinkSync(one(folder))
      mkdirSync(one(folder))
    },
  },
  'a file may not be read any more': {
    looks: 'unreadable',
    needsUser: true,
    happens: (folder) => chmodSync(one(folder), 0),
  },
  'the folder may not be read any more': {
    looks: 'unreadable',
    needsUser: true,
    happens: (_, real) => chmodSync(real, 0),
  },
  'a file is emptied': { looks: 'unreadable', happens: (folder) => truncateSync(one(folder)) },
  'a file is left with comments': {
    looks: 'unreadable',
    happens: (folder) => writeFileSync(one(folder), '# soon\n'),
  },
  'a file is half-written, in a line': {
    looks: 'unreadable',
    happens: (folder) => edit(one(folder), (text) => text.slice(0, text.indexOf('{name') + 4)),
  },
  'a file is half-written, at the end of a line': {
    looks: 'unreadable',
    happens: (folder) => edit(one(folder), (text) => text.slice(0, text.indexOf('metadata'))),
  },
  'a file is half-written, in its second document': {
    looks: 'unreadable',
    happens: (folder) => edit(many(folder), (text) => text.slice(0, text.indexOf('---') + 20)),
  },
  'a file of NUL bytes, as after a crash': {
    looks: 'unreadable',
    happens: (folder) => writeFileSync(one(folder), Buffer.alloc(200)),
  },
  'a kind is misspelt': {
    looks: 'unreadable',
    happens: (folder) => edit(one(folder), (text) => text.replace('Stream', 'Steam')),
  },
  'the group is misspelt': {
    looks: 'unreadable',
    happens: (folder) => edit(one(folder), (text) => text.replace('headgate.dev', 'headgat.dev')),
  },
  'a name is missing': {
    looks: 'unreadable',
    happens: (folder) => edit(one(folder), (text) => text.replace('{name: s7}', '{}')),
  },
  'a document is invalid, and still names itself': {
    looks: 'the same',
    happens: (folder) =>
      edit(one(folder), (text) => text.replace(/spec: .*/, 'spec: {shards: no}')),
  },
  'a file is renamed': {
    looks: 'the same',
    happens: (folder) => renameSync(many(folder), join(folder, 'lots.yaml')),
  },
  'a file moves into another folder': {
    looks: 'the same',
    happens: (folder) => {
      mkdirSync(join(folder, 'deep'))
      renameSync(many(folder), join(folder, 'deep', MANY))
    },
  },
  'everything is ignored': {
    looks: 'empty',
    happens: (folder) => writeFileSync(join(folder, '.headgateignore'), '*\n'),
  },
  'more files than the budget are gone': {
    looks: 'empty',
    happens: (folder) => removeAll(folder, STREAMS.slice(6)),
  },
  'a file of four is cut at ---': {
    looks: 'a small edit',
    happens: (folder) => edit(many(folder), (text) => text.slice(0, text.indexOf('---'))),
  },
  'a file is removed': { looks: 'a small edit', happens: (folder) => unlinkSync(one(folder)) },
  'a file is put aside': {
    looks: 'a small edit',
    happens: (folder) => renameSync(one(folder), `${one(folder)}.bak`),
  },
  'a file is ignored': {
    looks: 'a small edit',
    happens: (folder) => writeFileSync(join(folder, '.headgateignore'), 's7.yaml\ns8.yaml\n'),
  },
  'the link to it is swapped to a folder that has a little less': {
    looks: 'a small edit',
    happens: (folder, real) => {
      renameSync(real, `${real}.new`)
      unlinkSync(join(`${real}.new`, fileOf(OTHERS[0] ?? '')))
      unlinkSync(folder)
      symlinkSync(`${real}.new`, folder)
    },
  },
}

/** Everything as it was at first. */
export function restore(folder: string, real: string, spec: SpecText): void {
  chmodIfThere(real)
  for (const path of [folder, real, `${real}.new`, `${real}.away`])
    rmSync(path, { recursive: true, force: true })
  writeFolder(real, spec)
  symlinkSync(real, folder)
}

function chmodIfThere(path: string): void {
  try {
    chmodSync(path, 0o755)
  } catch {
    // It is gone, which is one of the ways.
  }
}
