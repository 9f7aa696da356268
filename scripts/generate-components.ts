/** The pages of all components and scanners, and the page that lists them, from their definitions. */
import { SCANNERS } from '../engine/components/scanners/scanner-field.ts'
import type { Role } from '../engine/pipelines/component.ts'
import { componentNames, loadComponent } from '../engine/pipelines/component-registry.ts'
import { componentPage, ROLE_FOLDERS, scannerPage } from './component-page.ts'

const ROLES: readonly Role[] = ['input', 'buffer', 'processor', 'output', 'cache', 'rate_limit']

const HEAD = `# Components

A Pipeline's \`input\`, its \`buffer\`, each of its \`processors\` and its \`output\` is one of these; caches and rate limits stand
in \`cache_resources\` and \`rate_limit_resources\`, and are named by their label. Every component may have a \`label\`;
inputs and outputs may have \`processors\` of their own. Each has a page with its fields, their defaults, and examples that are
checked, and run where they say what comes out. \`headgate list\` prints them, and \`headgate explain NAME\` one of them.
`

interface Entry {
  readonly name: string
  readonly summary: string
  readonly isDeprecated: boolean
}

export async function generateComponents(): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>()
  const parts = [HEAD]
  for (const role of ROLES) {
    const entries: Entry[] = []
    for (const name of [...componentNames(role)].sort()) {
      const definition = await loadComponent(role, name)
      if (definition === undefined) continue
      pages.set(pagePath(role, name), componentPage(definition))
      const { summary, status } = definition
      entries.push({ name, summary, isDeprecated: status === 'deprecated' })
    }
    parts.push(sectionText(role, entries))
  }
  for (const scanner of SCANNERS) pages.set(pagePath('scanner', scanner.name), scannerPage(scanner))
  const scanners = [...SCANNERS].sort((left, right) => (left.name < right.name ? -1 : 1))
  parts.push(
    sectionText(
      'scanner',
      scanners.map(({ name, summary }) => ({ name, summary, isDeprecated: false })),
    ),
  )
  return new Map([['docs/reference/components.md', parts.join('\n')], ...pages])
}

function pagePath(role: Role | 'scanner', name: string): string {
  return `docs/components/${ROLE_FOLDERS[role]}/${name}.md`
}

function sectionText(role: Role | 'scanner', entries: readonly Entry[]): string {
  const plural = `${role.replace('_', ' ')}s`
  const rows = entries.map(({ name, summary, isDeprecated }) => {
    const note = isDeprecated ? ' Deprecated.' : ''
    const link = `../components/${ROLE_FOLDERS[role]}/${name}.md`
    return `| [\`${name}\`](${link}) | ${summary.replaceAll('|', '\\|').replaceAll('\n', ' ')}${note} |`
  })
  const title = `${plural[0]?.toUpperCase()}${plural.slice(1)}`
  return `## ${title}\n\n| name | what it does |\n|---|---|\n${rows.join('\n')}\n`
}
