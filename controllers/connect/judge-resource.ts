/** A posted resource → what is kept of it: read, linted at its own places, and refused where it cannot be. */
import { HeadgateError } from '../../engine/error.ts'
import type { ResourceRole } from '../../engine/pipelines/resource-labels.ts'
import { SetRefused } from '../apply/set-refused.ts'
import { configOf } from './judge-posted.ts'
import { LintError } from './lint-error.ts'
import { type LintOptions, lintStream, type PostedShape } from './lint-stream.ts'
import { readPosted } from './read-posted.ts'
import { identityOfStream, type StreamConfig } from './stored-stream.ts'

/** As it is kept, as JSON. */
export interface StoredResource {
  /** As it was posted. */
  readonly config: StreamConfig
  /** What runs. */
  readonly runs: StreamConfig
}

export async function judgeResource(
  role: ResourceRole,
  label: string,
  body: Uint8Array,
  options: LintOptions,
): Promise<StoredResource> {
  const posted = readPosted(body, 'the config of a component')
  const config = configOf(posted, [])
  const own = config['label']
  if (own !== undefined && own !== '' && own !== label)
    throw new HeadgateError(
      'BadRequest',
      `expected the label ${label} or none, got ${JSON.stringify(own)}`,
    )
  const shape = shapeOf(role, label)
  const { lints, runs, refusal } = await lintStream({ ...posted, path: [], config, shape }, options)
  if (lints.length > 0) throw new LintError(lints)
  if (refusal?.code === 'ApplyFailed') {
    const { message, hint } = refusal
    const identity = identityOfStream(label)
    const refused = { identity, verb: 'create', because: 'failed', message, hint } as const
    throw new SetRefused(message, [refused])
  }
  if (refusal !== undefined) throw refusal
  return { config, runs }
}

/** Where such a component stands in a stream. */
function shapeOf(role: ResourceRole, label: string): PostedShape {
  const list = `${role}_resources`
  switch (role) {
    case 'cache':
    case 'rate_limit':
      return {
        fields: undefined,
        specOf: (config) => ({ [list]: [{ ...config, label }] }),
        prefix: [list, 0],
      }
    case 'processor':
      return {
        fields: undefined,
        specOf: (config) => ({ pipeline: { processors: [config] } }),
        prefix: ['pipeline', 'processors', 0],
      }
    default:
      return { fields: undefined, specOf: (config) => ({ [role]: config }), prefix: [role] }
  }
}
