/** What a declaration points to in its own namespace, and where in its spec it does. */
import type { Identity, Kind } from '../../crds/resource.ts'
import { entriesOf, fieldsOf } from '../../crds/spec-reading.ts'
import { TYPE_CODES } from '../../crds/type-code.ts'
import { isName } from './object-meta.ts'
import type { Declaration } from './read-document.ts'
import type { Reference } from './resource-set.ts'
import type { Path } from './tree.ts'

export function referencesOf({ identity, spec, inspection }: Declaration): readonly Reference[] {
  const to = (
    kind: Kind,
    name: unknown,
    path: Path,
    access: Reference['access'],
  ): readonly Reference[] =>
    typeof name === 'string' && isName(name)
      ? [{ to: identityOf(kind, identity, name), access, path }]
      : []
  switch (identity.kind) {
    case 'Stream':
      return to('StreamType', spec['type'], ['type'], 'use')
    case 'StreamType':
      return [
        ...to('StreamType', spec['baseType'], ['baseType'], 'use'),
        ...entriesOf(spec['properties']).flatMap(({ type }, index) => {
          const array = fieldsOf(type)['array']
          const path = ['properties', index, 'type', ...(array === undefined ? [] : ['array'])]
          const name = array ?? type
          return TYPE_CODES.has(String(name)) ? [] : to('StreamType', name, path, 'use')
        }),
      ]
    case 'Sink':
      return [
        ...to('Stream', fieldsOf(spec['from'])['stream'], ['from', 'stream'], 'read'),
        ...to('Stream', fieldsOf(spec['deadLetter'])['stream'], ['deadLetter', 'stream'], 'write'),
      ]
    case 'Pipeline':
      return (inspection?.streams ?? []).flatMap(({ stream, access, path }) =>
        to('Stream', stream, path, access),
      )
    case 'AccessPolicy':
      return []
  }
}

function identityOf(kind: Kind, { namespace }: Identity, name: string): Identity {
  return { kind, namespace, name }
}
