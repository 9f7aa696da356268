/**
 * The YAML of stream configs, in which a reference to an environment variable may stand without quotes within braces and
 * brackets: `[ ${BROKERS} ]`, `{threads: ${N:2}}`. Connect fills the values in before it parses, so such files are about;
 * they are read as if the references were in quotes, for a value never adds structure here.
 */
import type { FileLimits } from './limits.ts'
import { type ParsedFile, parseYaml } from './parse-yaml.ts'
import { SourceText } from './source-text.ts'
import { at, type Tree } from './tree.ts'

const NAME = '[0-9A-Za-z_.]+'
const REFERENCE = new RegExp(
  String.raw`\$\{(?:\{${NAME}[^{}\n]*\}|${NAME}(?::(?:\$\{[^{}\n]*\}|[^{}\n])*)?(?:\|base64decode)?)\}`,
  'g',
)

/** What YAML reads as marks, and what stands for it meanwhile: one character each, so that every place stays. */
const MARKS = '{}[],:#'
const STAND_INS = '\uE000\uE001\uE002\uE003\uE004\uE005\uE006'
const STAND_IN = /[\uE000-\uE006]/

/** What is no YAML, and no config with such references either, is refused as the YAML that it is not. */
export function parseConfigYaml(source: SourceText, limits?: FileLimits): ParsedFile {
  const parsed = parseYaml(source, limits)
  const { text, file } = source
  if (parsed.problems.length === 0 || !text.includes('${') || STAND_IN.test(text)) return parsed
  const hidden = text.replace(REFERENCE, (reference) => swap(reference, MARKS, STAND_INS))
  if (hidden === text) return parsed
  const { documents, problems } = parseYaml(new SourceText(file, hidden), limits)
  const isConfig = documents.every(({ tree }) => tree !== undefined && hasNoEnvelope(tree))
  if (problems.length > 0 || !isConfig) return parsed
  return {
    documents: documents.map(({ tree, ...rest }) => ({
      ...rest,
      tree: tree === undefined ? undefined : shown(tree),
    })),
    problems,
  }
}

function hasNoEnvelope(tree: Tree): boolean {
  return at(tree, ['apiVersion']) === undefined && at(tree, ['kind']) === undefined
}

function shown(tree: Tree): Tree {
  switch (tree.kind) {
    case 'map':
      return {
        ...tree,
        entries: tree.entries.map(({ key, value, ...rest }) => {
          return { ...rest, key: swap(key, STAND_INS, MARKS), value: shown(value) }
        }),
      }
    case 'list':
      return { ...tree, items: tree.items.map(shown) }
    case 'scalar':
      return typeof tree.value === 'string'
        ? { ...tree, value: swap(tree.value, STAND_INS, MARKS) }
        : tree
  }
}

function swap(text: string, from: string, to: string): string {
  let swapped = ''
  for (const character of text) {
    const index = from.indexOf(character)
    swapped += index < 0 ? character : (to[index] ?? '')
  }
  return swapped
}
