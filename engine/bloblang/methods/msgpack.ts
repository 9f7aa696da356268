/** Methods that read and write MessagePack. */
import { createRequire } from 'node:module'
import type { MethodDefinition } from '../definition.ts'
import { foreign } from '../formats/foreign.ts'
import { formatMsgpack } from '../formats/format-msgpack.ts'
import { MappingError } from '../mapping-error.ts'
import { expectValue } from '../values/kind-of.ts'
import { makeFloat, makeInteger } from '../values/number.ts'
import { setKey } from '../values/set-key.ts'
import { type ObjectValue, Timestamp, type Value } from '../values/value.ts'
import { expectBytes } from './expect-bytes.ts'

const require = createRequire(import.meta.url)
const parsing = { category: 'parsing', status: 'stable', parameters: [] } as const

function parseMsgpack(bytes: Buffer): Value {
  const { decode, ExtensionCodec, decodeTimestampToTimeSpec, EXT_TIMESTAMP } =
    require('@msgpack/msgpack') as typeof import('@msgpack/msgpack')
  const extensionCodec = new ExtensionCodec()
  extensionCodec.register({
    type: EXT_TIMESTAMP,
    encode: () => null,
    decode: (data) => {
      const { sec, nsec } = decodeTimestampToTimeSpec(data)
      return new Timestamp(BigInt(sec) * 1_000_000_000n + BigInt(nsec), 'UTC')
    },
  })
  // No structure has more members than the message has bytes, whatever its header says.
  const most = bytes.length
  return foreign('expected a MessagePack message', () =>
    fromMsgpack(
      decode(bytes, {
        extensionCodec,
        useBigInt64: true,
        maxStrLength: most,
        maxBinLength: most,
        maxArrayLength: most,
        maxMapLength: most,
        maxExtLength: most,
      }),
    ),
  )
}

function fromMsgpack(value: unknown): Value {
  switch (typeof value) {
    case 'bigint': {
      const plain = Number(value)
      if (Number.isSafeInteger(plain)) return plain
      // An unsigned number beyond the signed ones keeps its value.
      return value < 2n ** 63n ? makeInteger(value) : value
    }
    case 'number':
      return Number.isSafeInteger(value) ? value : makeFloat(value)
    case 'string':
    case 'boolean':
      return value
  }
  if (value === null || value === undefined) return null
  if (value instanceof Timestamp || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(fromMsgpack)
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    throw new MappingError('expected no extensions of MessagePack but timestamps')
  }
  const object: ObjectValue = {}
  for (const [key, item] of Object.entries(value)) setKey(object, key, fromMsgpack(item))
  return object
}

export const msgpackMethods: readonly MethodDefinition[] = [
  {
    name: 'parse_msgpack',
    ...parsing,
    description: 'The value of a MessagePack message.',
    examples: [
      {
        mapping: 'root = "81a161920203".decode("hex").parse_msgpack()',
        output: '{"a":[2,3]}',
      },
      {
        mapping: 'root = "81a1".decode("hex").parse_msgpack()',
        error: 'expected a MessagePack message',
      },
    ],
    build: () => (target) => parseMsgpack(expectBytes(target)),
  },
  {
    name: 'format_msgpack',
    ...parsing,
    description: 'The value as a MessagePack message, as bytes.',
    examples: [
      {
        mapping: 'root = this.format_msgpack().encode("hex")',
        input: '{"b":[2,-1.5],"a":"x"}',
        output: '82a161a178a1629202cbbff8000000000000',
      },
    ],
    build: () => (target) => formatMsgpack(expectValue(target)),
  },
]
