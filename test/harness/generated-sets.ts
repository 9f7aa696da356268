/** Sets as people might write them, for laws: every kind, references that lead nowhere, mistakes, guards and renames. */
import fc from 'fast-check'
import { MOVED_FROM } from '../../controllers/plan/moved-from.ts'
import type { Member } from '../../controllers/sets/resource-set.ts'
import { declare, invalid, type Spec } from '../../controllers/testing.ts'
import { identityKey, KINDS, type Kind } from '../../crds/resource.ts'

const NAMES = ['a', 'b', 'c', 'd'] as const
const name = fc.constantFrom(...NAMES)

const streamSpec = fc.record(
  {
    shards: fc.constantFrom(1, 2, 3),
    retention: fc.constantFrom({ age: '7d' }, { age: '2h' }, { bytes: '1MiB' }),
    deletionPolicy: fc.constantFrom('Retain', 'Delete'),
    protected: fc.constantFrom(true, false, false),
    type: fc.constantFrom('a', 'b'),
    description: fc.constantFrom('x', 'y'),
  },
  { requiredKeys: [] },
)
const PROPERTIES = [
  { id: 'time', type: 'DateTime', key: 1 },
  { id: 'value', type: 'Int32' },
]
const typeSpec = fc.record(
  {
    properties: fc.constantFrom(
      PROPERTIES,
      [...PROPERTIES, { id: 'unit', type: 'String' }],
      PROPERTIES.slice(0, 1),
      [PROPERTIES[0], { id: 'value', type: 'Double' }],
    ),
    baseType: fc.constantFrom('c', 'd'),
  },
  { requiredKeys: ['properties'] },
)
const flowSpec = fc.record({ input: fc.constantFrom('x', 'y'), reads: name, writes: name })
const policySpec = fc.record({ description: fc.constantFrom('x', 'y') })

const SPECS: Readonly<Record<Kind, fc.Arbitrary<Spec>>> = {
  StreamType: typeSpec,
  Stream: streamSpec,
  AccessPolicy: policySpec,
  Pipeline: flowSpec.map((spec) => ({ ...spec, output: {} })),
  Sink: flowSpec,
}

const member: fc.Arbitrary<Member> = fc.constantFrom(...KINDS).chain((kind) =>
  fc
    .record({ name, spec: SPECS[kind], fault: fc.nat(19), former: name })
    .map(({ name: own, spec, fault, former }) => {
      if (fault === 0) return invalid(kind, own)
      const declared = declare(kind, own, spec)
      return kind === 'Stream' && fault < 4 && former !== own
        ? movedFrom(declared, former)
        : declared
    }),
)

/** One member a name and kind; what it refers to need not be there. */
export const generatedSet: fc.Arbitrary<readonly Member[]> = fc.uniqueArray(member, {
  selector: ({ identity }) => identityKey(identity),
  minLength: 1,
  maxLength: 14,
})

export function movedFrom(declared: Member, former: string): Member {
  if (declared.state === 'invalid') return declared
  const { resource } = declared
  const annotations = { ...resource.annotations, [MOVED_FROM]: former }
  const digest = `${resource.digest} from ${former}`
  return { ...declared, resource: { ...resource, annotations, digest } }
}
