/** Functions that read files. */
import type { FunctionDefinition, Parameter } from '../definition.ts'
import { type FileReader, fileReader, remembered } from './read-file.ts'

const parameters: readonly Parameter[] = [
  { name: 'path', type: 'string', description: 'The path of the file.' },
  { name: 'no_cache', type: 'bool', description: 'Read it every time.', default: false },
]

function fileFunction(
  name: string,
  from: string,
  choose: (reader: FileReader) => (path: string) => Uint8Array,
): FunctionDefinition {
  return {
    name,
    tied: 'reads a file',
    category: 'environment',
    status: 'stable',
    description: `The bytes of a file, by a path from ${from}. Read once, unless \`no_cache\` is true.`,
    parameters,
    examples: [
      { mapping: `root = ${name}("greeting.txt")`, output: 'hello' },
      { mapping: `root = ${name}("none.txt")`, error: 'expected a file that can be read' },
    ],
    build: (site) => {
      const path = site.string('path')
      const fresh = site.bool('no_cache')
      const read = choose(fileReader(site.environment))
      const once = remembered(read)
      return (frame) => (fresh(frame) ? read : once)(path(frame))
    },
  }
}

export const fileFunctions: readonly FunctionDefinition[] = [
  fileFunction('file', 'the folder of the process', ({ absolute }) => absolute),
  fileFunction('file_rel', 'the folder of the mapping', ({ relative }) => relative),
]
