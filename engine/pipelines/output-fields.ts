/** The fields that the runtime adds to an output's own: how many writes at once, and batching. */
import { type TSchema, Type } from '../../crds/typebox.ts'
import { batchPolicySchema } from './batch-policy.ts'
import type { OutputDefinition } from './component.ts'
import { isRecord } from './component-config.ts'

/** An output that wraps others leaves it to them how many writes run at once; the pipeline's bounds hold for it. */
const WRAPPED_WRITES = 1_024

/** The schema of everything that may stand under the output's name. */
export function outputSchema(definition: OutputDefinition): TSchema {
  const own = definition.config as TSchema & { properties?: Readonly<Record<string, TSchema>> }
  if (own.properties === undefined) return own
  const { maxInFlight, batching } = definition
  return {
    ...own,
    properties: {
      ...own.properties,
      ...(maxInFlight === undefined ? {} : { max_in_flight: maxInFlightField(maxInFlight) }),
      ...(batching === true ? { batching: batchPolicySchema } : {}),
    },
  } as TSchema
}

/** Parts a checked config into what is the component's and what is the runtime's. */
export function partOutputConfig(
  definition: OutputDefinition,
  config: unknown,
): { readonly own: unknown; readonly maxInFlight: number; readonly batching: unknown } {
  const standard =
    definition.maxInFlight ??
    definition.writesAtOnce ??
    (definition.delivery === 'wraps' ? WRAPPED_WRITES : 1)
  if (!isRecord(config)) return { own: config, maxInFlight: standard, batching: undefined }
  const { max_in_flight: asked, batching, ...rest } = config
  const own = {
    ...rest,
    ...(definition.maxInFlight === undefined && asked !== undefined
      ? { max_in_flight: asked }
      : {}),
    ...(definition.batching === true || batching === undefined ? {} : { batching }),
  }
  return {
    own,
    maxInFlight:
      definition.maxInFlight !== undefined && typeof asked === 'number' ? asked : standard,
    batching: definition.batching === true ? batching : undefined,
  }
}

function maxInFlightField(standard: number): TSchema {
  return Type.Integer({
    default: standard,
    minimum: 1,
    description: 'Writes that may be under way at once; 1 keeps the order.',
  })
}
