/** What there is to explain. */
import { kinds } from '../crds/kinds.ts'
import { CONFIG_FILE } from './explain-topic.ts'
import { type ResolvedSchemas, ROLES } from './resolved-schemas.ts'

export function topicsText({ components }: ResolvedSchemas): string {
  const kindLines = Object.values(kinds).map(
    ({ kind, plural, shortNames, summary }): Line => [
      kind,
      `${[plural, ...shortNames].join(', ')}: ${summary}`,
    ],
  )
  const componentLines = ROLES.map((role): Line => {
    const names = [...components.values()]
      .filter((one) => one.role === role)
      .map(({ name }) => name)
    return [role, names.join(', ')]
  })
  return [
    'KINDS',
    ...aligned(kindLines),
    '',
    'COMPONENTS',
    ...aligned(componentLines),
    '',
    'MORE',
    ...aligned([
      [CONFIG_FILE, 'Sources, their grants, and quotas.'],
      ['CODE', 'The code of any error, such as FieldUnknown.'],
    ]),
    '',
    'For example: headgate explain Stream.spec.retention, headgate explain input.http_server.path',
    '',
  ].join('\n')
}

type Line = readonly [name: string, text: string]

function aligned(lines: readonly Line[]): readonly string[] {
  const width = Math.max(...lines.map(([name]) => name.length))
  return lines.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)
}
