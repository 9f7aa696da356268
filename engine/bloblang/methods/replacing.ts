/** Methods that replace parts of texts. */
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { expectText } from '../values/kind-of.ts'
import { assertLength } from './repeat.ts'

const strings = { category: 'strings', status: 'stable' } as const

/** An empty text stands before each character and at the end. */
export function replaceText(text: string, old: string, fresh: string): string {
  const parts = old === '' ? ['', ...Array.from(text), ''] : text.split(old)
  const length = text.length + (parts.length - 1) * (fresh.length - old.length)
  assertLength(length)
  return parts.length === 1 ? text : parts.join(fresh)
}

export const replacingMethods: readonly MethodDefinition[] = [
  {
    name: 'replace_all',
    aliases: ['replace'],
    ...strings,
    description: 'With every occurrence of a text replaced by another.',
    parameters: [
      { name: 'old', type: 'string', description: 'The text to replace.' },
      { name: 'new', type: 'string', description: 'What takes its place, as it stands.' },
    ],
    examples: [
      { mapping: 'root = "a-b-c".replace_all("-", "$&")', output: 'a$&b$&c' },
      { mapping: 'root = "ab".replace_all("", "-")', output: '-a-b-' },
    ],
    build: (site) => {
      const old = site.string('old')
      const fresh = site.string('new')
      return (target, frame) => replaceText(expectText(target), old(frame), fresh(frame))
    },
  },
  {
    name: 'replace_all_many',
    aliases: ['replace_many'],
    ...strings,
    description: 'With texts replaced by others, one replacement after the other.',
    parameters: [
      {
        name: 'values',
        type: 'array',
        description: 'Each text to replace, followed by what takes its place.',
      },
    ],
    examples: [
      { mapping: 'root = "a < b".replace_all_many(["a", "b", "b", "c"])', output: 'c < c' },
      { mapping: 'root = "a".replace_all_many(["a"])', error: 'expected an even number of texts' },
    ],
    build: (site) => {
      const values = site.array('values')
      return (target, frame) => {
        const texts = values(frame).map(expectText)
        if (texts.length % 2 === 1) {
          throw new MappingError(`expected an even number of texts, got ${texts.length}`)
        }
        let text = expectText(target)
        for (let index = 0; index < texts.length; index += 2) {
          text = replaceText(text, texts[index] as string, texts[index + 1] as string)
        }
        return text
      }
    },
  },
]
