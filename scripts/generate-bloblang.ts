/** The reference page of Bloblang's functions and methods, with the examples that run as tests. */
import type { Category, Example, Parameter } from '../engine/bloblang/definition.ts'
import { functions } from '../engine/bloblang/functions/index.ts'
import { methods } from '../engine/bloblang/methods/index.ts'

const HEAD = `# Bloblang: functions and methods

Every example on this page is executed by the tests. A function stands alone, \`now()\`; a method follows a value,
\`this.name.uppercase()\`. Arguments are given by position or by name, never mixed.
`

interface Entry {
  readonly name: string
  readonly category: Category
  readonly description: string
  readonly parameters: readonly Parameter[]
  readonly variadic?: boolean
  readonly aliases?: readonly string[]
  readonly examples: readonly Example[]
}

export function generateBloblang(): ReadonlyMap<string, string> {
  const page = [
    HEAD,
    ...chapter('Functions', '', functions.values()),
    ...chapter('Methods', '.', methods.values()),
  ]
  return new Map([['docs/reference/bloblang.md', `${page.join('\n')}`]])
}

function chapter(title: string, prefix: string, entries: Iterable<Entry>): readonly string[] {
  // A method is listed under its aliases too; each is shown once.
  const byCategory = Map.groupBy(new Set(entries), ({ category }) => category)
  const sections = [...byCategory].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    `## ${title}\n`,
    ...sections.flatMap(([category, members]) => [
      `### ${title}: ${category}\n`,
      ...members
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((entry) => entryText(prefix, entry)),
    ]),
  ]
}

function entryText(prefix: string, entry: Entry): string {
  const also =
    entry.aliases === undefined || entry.aliases.length === 0
      ? ''
      : ` Also: ${entry.aliases.map((name) => `\`${name}\``).join(', ')}.`
  const rows = entry.parameters.map(
    ({ name, type, description, optional, default: value }) =>
      `- \`${name}\` (${type}${optional === true || value !== undefined ? ', optional' : ''}${value === undefined ? '' : `, default \`${JSON.stringify(value)}\``}): ${description}`,
  )
  return [
    `#### \`${prefix}${entry.name}(${entry.parameters.map(({ name }) => name).join(', ')}${entry.variadic === true ? ', …' : ''})\`\n`,
    `${entry.description}${also}\n`,
    ...(rows.length === 0 ? [] : [`${rows.join('\n')}\n`]),
    ...entry.examples.map(exampleText),
  ].join('\n')
}

function exampleText({ mapping, input, output, error }: Example): string {
  const lines = [
    mapping,
    ...(input === undefined ? [] : [`# in:  ${input}`]),
    ...(output === undefined ? [] : [`# out: ${output}`]),
    ...(error === undefined ? [] : [`# fails: ${error}`]),
  ]
  return `\`\`\`bloblang\n${lines.join('\n')}\n\`\`\`\n`
}
