/** Says in which fields two declarations of one resource differ: labels, annotations of ours, and spec. */
import { GROUP } from '../../crds/resource.ts'
import type { Resource } from '../sets/resource-set.ts'
import { MASK } from '../sets/secret-text.ts'
import { masked } from './mask.ts'
import type { FieldChange } from './plan.ts'

/** A plan is read by people and shows no more than this; all of them are judged. */
export const CHANGES_MAX = 100

export function differences(from: Resource, to: Resource): readonly FieldChange[] {
  const changes: FieldChange[] = []
  compare('metadata.labels', from.labels, to.labels, undefined, changes)
  const fromAnnotations = annotationsOfOurs(from)
  compare('metadata.annotations', fromAnnotations, annotationsOfOurs(to), undefined, changes)
  compare('spec', from.spec, to.spec, undefined, changes)
  return changes
}

/** Only those enter the digest. */
function annotationsOfOurs({ annotations }: Resource): Readonly<Record<string, string>> {
  const ours = Object.entries(annotations).filter(([name]) => name.startsWith(`${GROUP}/`))
  return Object.fromEntries(ours)
}

function compare(
  path: string,
  from: unknown,
  to: unknown,
  field: string | undefined,
  changes: FieldChange[],
): void {
  if (from === to) return
  if (isMapping(from) && isMapping(to)) {
    for (const name of [...new Set([...Object.keys(from), ...Object.keys(to)])].sort())
      compare(
        `${path}.${name}`,
        Object.hasOwn(from, name) ? from[name] : undefined,
        Object.hasOwn(to, name) ? to[name] : undefined,
        name,
        changes,
      )
    return
  }
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length) {
    for (const [index, item] of from.entries())
      compare(`${path}[${index}]`, item, to[index], field, changes)
    return
  }
  if (JSON.stringify(from) === JSON.stringify(to)) return
  changes.push({ path, from: masked(from, field), to: shownAfter(from, to, field) })
}

/** A secret that changed still reads as a change. */
function shownAfter(from: unknown, to: unknown, field: string | undefined): unknown {
  const shown = masked(to, field)
  return shown === MASK && masked(from, field) === MASK ? `${MASK} (changed)` : shown
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
