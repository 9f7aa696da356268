/** The docs page of what a status may say. */
import { CONDITION_TYPES } from '../controllers/status/condition.ts'
import { REASONS } from '../controllers/status/reasons.ts'

const CONDITIONS_PAGE = 'docs/reference/conditions.md'

const HEAD = `# Conditions

What \`status.conditions\` of a resource or a source says. **Ready** is always there. A resource is as declared when
Ready is true and neither **Reconciling** nor **Stalled** is there; tools that know Kubernetes' kstatus, such as
\`kubectl wait\`, read it the same way.

| condition | meaning |
|---|---|
`

const REASONS_HEAD = `
## Reasons

The \`reason\` of a condition, and \`blockedBy\` in a plan. Where something failed, the reason is the code of the error
instead: see [Errors](errors.md).

| reason | meaning |
|---|---|
`

export function generateConditions(): ReadonlyMap<string, string> {
  return new Map([[CONDITIONS_PAGE, HEAD + rows(CONDITION_TYPES) + REASONS_HEAD + rows(REASONS)]])
}

function rows(table: Readonly<Record<string, string>>): string {
  return Object.entries(table)
    .map(([name, meaning]) => `| \`${name}\` | ${meaning} |\n`)
    .join('')
}
