/** The paths of what is read through the API and written elsewhere. */
import { BASE } from '../context.ts'
import type { ServedResource } from '../kinds.ts'
import type { Operation, PathItem, PathItems } from './path-item.ts'
import { anyObject, integer, text } from './schema.ts'

/** Lists, and single objects with what else may be done to them. */
export function readOnlyPaths(
  { kind, plural, namespaced }: ServedResource,
  refusal: string | undefined,
  more: PathItem = {},
): PathItems {
  const of = { group: 'headgate.dev', version: 'v1alpha1', kind }
  const list: Operation = {
    summary: `Lists objects of kind ${kind}.`,
    query: {
      limit: integer('At most so many; 0 is all.'),
      continue: text('What a page answered, for the next one.'),
      labelSelector: text('Labels that the objects have.'),
      fieldSelector: text('Fields that the objects have: metadata.name, metadata.namespace.'),
    },
    answers: { 200: { description: 'A page.', schema: anyObject(`A ${kind}List.`) } },
    action: 'list',
    of,
  }
  const get: Operation = {
    summary: `Reads one ${kind}.`,
    answers: { 200: { description: 'As it is now.', schema: anyObject(`A ${kind}.`) } },
    action: 'get',
    of,
  }
  const refused = refusal === undefined ? {} : refusals(refusal)
  const collection = `${BASE}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`
  return {
    [`${BASE}/${plural}`]: { get: list, ...refused },
    [collection]: { get: list, ...refused },
    [`${collection}/{name}`]: { get, ...refused, ...more },
  }
}

function refusals(why: string): PathItem {
  const refused: Operation = { summary: `Is refused: ${why}.`, answers: {} }
  return { post: refused, put: refused, patch: refused, delete: refused }
}
