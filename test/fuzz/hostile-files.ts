/** Files that are small to write and large to read, made when they are asked for. */
import { FILE_BYTES_MAX } from '../../controllers/sets/limits.ts'

const STREAM = 'apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: a}\nspec:\n'
const MIB = 1024 * 1024
const SCALAR_MIB = 50
const LEVELS = 10_000

/** In parts, so that making a file takes no memory that reading it is blamed for. */
type Make = () => readonly Uint8Array[]

export function hostileFiles(): ReadonlyMap<string, Make> {
  return new Map<string, Make>([
    ['a scalar of 50 MB', () => Array<Buffer>(SCALAR_MIB).fill(Buffer.alloc(MIB, 'a'))],
    ['10,000 levels of lists', () => [Buffer.from('['.repeat(LEVELS))]],
    ['10,000 levels of mappings', () => [Buffer.from('{a: '.repeat(LEVELS))]],
    ['levels of blocks', () => [Buffer.from(blocks(1_400))]],
    ['a list to the limit', () => filled('', '- a\n')],
    ['a flow list to the limit', () => filled(`${STREAM}  tags: [`, 'a,')],
    ['a key again and again', () => filled(`${STREAM}  metadata:\n`, '    a: b\n')],
    ['unknown fields', () => [Buffer.from(unknownFields())]],
    ['quotes', () => filled('', '"')],
    ['comments', () => filled('', '#\n')],
    ['anchors', () => filled('', '- &a a\n')],
    ['aliases', () => filled('a: &a b\nc:\n', '- *a\n')],
    ['tags', () => filled('', '!!a ')],
    ['separators', () => filled('', '---\n')],
    ['documents', () => filled('', '---\na\n')],
    ['one name a thousand times', () => [Buffer.from(`${STREAM}---\n`.repeat(1000))]],
    ['a long text', () => filled(`${STREAM}  description: `, 'a')],
    ['a mapping that is wrong on every line', () => [Buffer.from(wrongMapping())]],
  ])
}

function filled(head: string, unit: string): readonly Uint8Array[] {
  const times = Math.floor((FILE_BYTES_MAX - head.length) / unit.length)
  return [Buffer.from(head + unit.repeat(times))]
}

function unknownFields(): string {
  const fields = Array.from({ length: 60_000 }, (_, index) => `  k${index}: b\n`)
  return (STREAM + fields.join('')).slice(0, FILE_BYTES_MAX)
}

/** Each level is indented by as much as it is deep, so that few fit. */
function blocks(levels: number): string {
  return Array.from({ length: levels }, (_, level) => `${' '.repeat(level)}a:\n`).join('')
}

function wrongMapping(): string {
  const lines = '          root.a = this.b.foo().bar()\n'.repeat(10_000)
  return `apiVersion: headgate.dev/v1alpha1\nkind: Pipeline\nmetadata: {name: a}\nspec:\n  input: {stdin: {}}\n  output: {drop: {}}\n  pipeline:\n    processors:\n      - mapping: |\n${lines}`
}
