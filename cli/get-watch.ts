/** `headgate get -w`: first what there is, then each change as it happens. */

import type { ResourceObject } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import type { Invocation } from './command.ts'
import { type GetRequest, nameText, type Wanted } from './get.ts'
import type { Gettable } from './kind-names.ts'

export async function printWatched(
  invocation: Invocation,
  wanted: readonly Wanted[],
  request: GetRequest,
): Promise<void> {
  const [{ collectionPath }, { watchObjects }, { DECLARED }] = await Promise.all([
    import('./objects.ts'),
    import('./watch.ts'),
    import('./kind-names.ts'),
  ])
  const { terminal, signal } = invocation
  const strange = wanted.find(({ kind }) => !DECLARED.includes(kind))
  if (strange !== undefined)
    throw new HeadgateError('Usage', `${strange.kind.plural} cannot be watched`, {
      hint: `Kinds that can are ${DECLARED.map(({ plural }) => plural).join(', ')}.`,
    })
  const follow = async ({ kind, objects, resourceVersion }: Wanted): Promise<void> => {
    const print = await printerOf(invocation, kind, objects, request)
    const names = new Set(objects.map(({ metadata }) => metadata.name))
    const events = watchObjects({
      client: request.client,
      path: collectionPath(kind, request.namespace),
      selector: request.selector,
      resourceVersion: resourceVersion ?? objects[0]?.metadata.resourceVersion ?? '',
      signal,
      say: terminal.say,
    })
    for await (const { type, object } of events) {
      const isWanted = resourceVersion !== undefined || names.has(object.metadata.name)
      if (isWanted) await print(object, type === 'DELETED')
    }
  }
  await Promise.all(wanted.map(follow))
}

type Print = (object: ResourceObject, isGone: boolean) => Promise<void>

/** Prints what there is already, and answers how the rest is printed. */
async function printerOf(
  { terminal }: Invocation,
  kind: Gettable,
  objects: readonly ResourceObject[],
  { output, namespace, withKind }: GetRequest,
): Promise<Print> {
  if (output === 'table' || output === 'wide') {
    const { headerOf, rowOf, rowsText, widthsOf } = await import('./table.ts')
    const options = { withNamespace: namespace === undefined, withKind, wide: output === 'wide' }
    const rows = [headerOf(kind, options), ...objects.map((one) => rowOf(kind, one, options))]
    const widths = widthsOf(rows)
    await terminal.print(rowsText(rows, widths))
    return async (object, isGone) => {
      const row = [...rowOf(kind, object, options)]
      if (isGone) row.splice(-1, 1, 'gone')
      await terminal.print(rowsText([row], widths))
    }
  }
  const { serialised } = await import('./serialised.ts')
  const print: Print = async (object) => {
    // A stream of JSON is a line an object; a stream of YAML is a document an object.
    if (output === 'name') await terminal.print(`${nameText(kind, object)}\n`)
    else if (output === 'json') await terminal.print(`${JSON.stringify(object)}\n`)
    else await terminal.print(`---\n${await serialised(object, output)}`)
  }
  for (const object of objects) await print(object, false)
  return print
}
