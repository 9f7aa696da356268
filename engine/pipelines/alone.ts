/**
 * Whether a component treats each message of a batch as if it were alone.
 *
 * An input that reads line after line has many batches of one message at hand. Where nobody looks at whole batches they
 * go through together, which costs a fraction; where somebody does (an archive, a batching policy, a mapping that asks
 * for `batch_size()`), each has to go by itself.
 */
import type { Static, TSchema } from '../../crds/typebox.ts'
import type { Alone } from './component.ts'

export function isAlone<Config extends TSchema>(
  { alone = false }: { readonly alone?: Alone<Config> },
  config: Static<Config>,
): boolean {
  return typeof alone === 'function' ? alone(config) : alone
}

/** What Bloblang reads of other messages, or of files that may do so; rather too much than too little. */
const OF_THE_BATCH = /\b(batch_index|batch_size|from|from_all|import)\b/

/** For components whose texts are Bloblang. */
export function looksAtBatch(config: unknown): boolean {
  return OF_THE_BATCH.test(typeof config === 'string' ? config : JSON.stringify(config))
}
