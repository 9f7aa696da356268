/** `--shard 0,2`, as commands that move a group take it. */
import { HeadgateError } from '../engine/error.ts'
import { type Invocation, textOption } from './command.ts'

/** Undefined means all of them. */
export function shardsOption(invocation: Invocation): readonly number[] | undefined {
  const text = textOption(invocation, 'shard')
  if (text === undefined) return undefined
  if (/^[0-9]{1,4}(,[0-9]{1,4})*$/.test(text)) return text.split(',').map(Number)
  throw new HeadgateError('Usage', `--shard: expected numbers such as 0 or 0,2, got "${text}"`)
}
