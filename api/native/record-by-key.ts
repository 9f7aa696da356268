/** Reads one record of a compacted stream by its key: `key=` with the text, or `keyBase64=` with the bytes. */
import { HeadgateError } from '../../engine/error.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import type { NativeContext } from './context.ts'
import { recordText } from './records-answer.ts'

type Parameters = Readonly<Record<string, unknown>>

const BY_POSITION = ['shard', 'from', 'limit', 'waitMs']
/** Of the alphabet for addresses, too, in which nothing needs to be escaped. */
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

/** Undefined where the query does not ask for a key. */
export function keyOf(parameters: Parameters): Uint8Array | undefined {
  const { key, keyBase64 } = parameters
  if (key === undefined && keyBase64 === undefined) return undefined
  const beside = BY_POSITION.find((name) => name in parameters)
  if (beside !== undefined || (key !== undefined && keyBase64 !== undefined)) {
    const got = beside ?? 'both key and keyBase64'
    throw new HeadgateError('BadRequest', `expected key or keyBase64 alone, got ${got}`)
  }
  if (typeof key === 'string') return Buffer.from(key)
  if (typeof keyBase64 === 'string' && BASE64.test(keyBase64)) {
    return Buffer.from(keyBase64, 'base64')
  }
  const expected = key === undefined ? 'keyBase64: expected base64' : 'key: expected one text'
  throw new HeadgateError('BadRequest', `${expected}, got ${JSON.stringify(key ?? keyBase64)}`)
}

/** As the list form has it; NotFound where no record has the key, or the latest one removed it. */
export async function readByKey(
  { engine }: NativeContext,
  stream: StreamDescription,
  name: string,
  key: Uint8Array,
): Promise<string> {
  const record = await engine.log.latest(stream.name, stream.incarnation, key)
  if (record !== undefined) return recordText(record.shard, record)
  throw new HeadgateError('NotFound', `expected a record of the key in stream ${name}, got none`, {
    hint: 'It may have been removed. Keys are compared byte by byte.',
  })
}
