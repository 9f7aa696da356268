/** What was done to a resource, as plans and histories print it: places in words, secrets hidden. */
import type { RevisionAction } from '../../controllers/history/history.ts'
import type { FieldChange } from '../../controllers/plan/plan.ts'
import { maskAt } from './mask.ts'
import { list, type OpenApiSchema, object, text } from './openapi/schema.ts'

export const CHANGES: OpenApiSchema = list(
  'Which fields changed; secrets are hidden.',
  object('One field.', {
    path: text('Where: `spec.retention.age`.'),
    from: { description: 'Null where there was nothing.' },
    to: { description: 'Null where there is nothing.' },
  }),
)

export function changesAnswer(kind: string, changes: readonly FieldChange[]): readonly object[] {
  return changes.map(({ path, from, to }) => ({
    path,
    from: maskAt(kind, path, from) ?? null,
    to: maskAt(kind, path, to) ?? null,
  }))
}

export function revisionActionAnswer(action: RevisionAction): object {
  const { verb, kind, namespace, name, risk, reason, changes, error } = action
  return {
    verb,
    kind,
    namespace,
    name,
    risk,
    reason,
    changes: changesAnswer(kind, changes),
    ...(error === undefined ? {} : { error }),
  }
}
