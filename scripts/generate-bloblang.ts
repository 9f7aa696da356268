/** The reference of Bloblang's functions and methods: a page, and the same for editors. */
import { completions, hoverText, signatureText } from '../engine/bloblang/catalogue-text.ts'
import type { FunctionDefinition, MethodDefinition } from '../engine/bloblang/definition.ts'
import { functions } from '../engine/bloblang/functions/index.ts'
import { methods } from '../engine/bloblang/methods/index.ts'

const HEAD = `# Bloblang: functions and methods

Every example on this page is executed by the tests. A function stands alone, \`now()\`; a method follows a value,
\`this.name.uppercase()\`. Arguments are given by position or by name, never mixed. For editors the same is in
\`bloblang.json\`.
`

type Definition = FunctionDefinition | MethodDefinition

export function generateBloblang(): ReadonlyMap<string, string> {
  const page = [
    HEAD,
    ...chapter('Functions', '', functions.values()),
    ...chapter('Methods', '.', methods.values()),
  ]
  return new Map([
    ['docs/reference/bloblang.md', `${page.join('\n')}`],
    ['docs/reference/bloblang.json', `${JSON.stringify(completions(), undefined, 2)}\n`],
  ])
}

function chapter(
  title: string,
  prefix: string,
  definitions: Iterable<Definition>,
): readonly string[] {
  // A method is listed under its aliases too; each is shown once.
  const byCategory = Map.groupBy(new Set(definitions), ({ category }) => category)
  const sections = [...byCategory].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    `## ${title}\n`,
    ...sections.flatMap(([category, members]) => [
      `### ${title}: ${category}\n`,
      ...members
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((one) => `#### \`${prefix}${signatureText(one)}\`\n\n${hoverText(one)}`),
    ]),
  ]
}
