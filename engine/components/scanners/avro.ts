/**
 * The data of Avro's object container files.
 *
 * A file begins with `Obj` and 1, metadata (a map of bytes, with the schema and the codec) and 16 bytes that part its
 * blocks. A block says how many data it has and how many bytes they are, compressed as the codec says.
 */
import { crc32, inflateRawSync, zstdDecompressSync } from 'node:zlib'
import { Type } from '../../../crds/typebox.ts'
import { decompressSnappy } from '../../bloblang/formats/snappy.ts'
import type { Value } from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import { Message, type MetadataView } from '../../pipelines/message.ts'
import { avroFingerprint, canonicalForm } from '../avro/avro-fingerprint.ts'
import { type AvroType, parseAvroSchema } from '../avro/avro-type.ts'
import { AVRO_VALUES_MAX, AvroReader, AvroTruncated } from '../avro/read-avro.ts'
import { type CutNext, PartingScanner } from './parting-scanner.ts'
import { SCANNED_BYTES_MAX, type ScannerDefinition, type ScanPlace, withEntry } from './scanner.ts'

interface AvroScanOptions {
  readonly raw_json: boolean
}

export const avro: ScannerDefinition = {
  name: 'avro',
  summary: 'A message of each datum of an Avro object container file.',
  config: Type.Object(
    {
      raw_json: Type.Boolean({
        default: false,
        description:
          'Whether values of unions stand as they are, and not in an object by the name of their type.',
      }),
    },
    {
      description:
        'A message of each datum of an Avro object container file, as Avro’s own JSON. Metadata: `avro_schema`, `avro_schema_fingerprint`.',
    },
  ),
  examples: [
    {
      title: 'Two data',
      config: {},
      given: {
        base64:
          'T2JqAQQWYXZyby5zY2hlbWGMAXsidHlwZSI6InJlY29yZCIsIm5hbWUiOiJvcmRlciIsImZpZWxkcyI6W3sibmFtZSI6ImlkIiwidHlwZSI6ImludCJ9XX0UYXZyby5jb2RlYwhudWxsAAcHBwcHBwcHBwcHBwcHBwcEBAIEBwcHBwcHBwcHBwcHBwcHBw==',
      },
      then: [{ id: 1 }, { id: 2 }],
    },
  ],
  build: (options: AvroScanOptions) => (place) => new PartingScanner(dataOf(place, options)),
}

const MAGIC = Buffer.from('Obj\x01', 'latin1')
const SYNC_BYTES = 16
const RAW = { wrapsUnions: false, asJson: true }
const HEADER_TYPE: AvroType = parseAvroSchema('{"type": "map", "values": "bytes"}')

interface Container {
  readonly type: AvroType
  readonly codec: string
  readonly sync: Buffer
  readonly metadata: MetadataView
}

function dataOf(place: ScanPlace, { raw_json }: AvroScanOptions): CutNext {
  let container: Container | undefined
  let block: AvroReader | undefined
  let left = 0
  return (bytes, ended) => {
    if (block !== undefined && container !== undefined && left > 0) {
      left -= 1
      const value = block.datum(container.type)
      if (left === 0 && !block.ended) throw invalid('a block has more bytes than data')
      return { bytes: 0, message: Message.fromValue(value, container.metadata) }
    }
    if (bytes.length === 0) return undefined
    try {
      const reader = new AvroReader(bytes, RAW)
      if (container === undefined) {
        container = readHeader(reader, place)
      } else {
        const count = reader.long()
        const data = reader.take(reader.length())
        if (!reader.take(SYNC_BYTES).equals(container.sync)) throw invalid('a block is not parted')
        // A few bytes can stand for any number of nulls.
        const most = Math.max(data.length, AVRO_VALUES_MAX)
        if (count < 0 || count > most) throw invalid(`a block has ${count} data`)
        left = Number(count)
        block = new AvroReader(decompressed(data, container.codec), {
          wrapsUnions: !raw_json,
          asJson: true,
        })
      }
      return { bytes: reader.at, message: undefined }
    } catch (thrown) {
      if (!(thrown instanceof AvroTruncated) || ended) throw thrown
      return undefined
    }
  }
}

function readHeader(reader: AvroReader, place: ScanPlace): Container {
  if (!reader.take(MAGIC.length).equals(MAGIC)) throw invalid('it does not begin with Obj and 1')
  const header = reader.datum(HEADER_TYPE) as Readonly<Record<string, Value>>
  const sync = Buffer.from(reader.take(SYNC_BYTES))
  const type = parseAvroSchema(Buffer.from(String(header['avro.schema']), 'latin1').toString())
  const canonical = canonicalForm(type)
  const fingerprint = avroFingerprint(canonical)
  const metadata = withEntry(
    withEntry(place.metadata, 'avro_schema', canonical),
    'avro_schema_fingerprint',
    fingerprint,
  )
  return { type, codec: String(header['avro.codec'] ?? 'null'), sync, metadata }
}

const bounds = { maxOutputLength: SCANNED_BYTES_MAX }

function decompressed(data: Buffer, codec: string): Uint8Array {
  switch (codec) {
    case 'null':
      return data
    case 'deflate':
      return inflateRawSync(data, bounds)
    case 'zstandard':
      return zstdDecompressSync(data, bounds)
    case 'snappy': {
      // The checksum of what was compressed stands behind it.
      const bytes = decompressSnappy(data.subarray(0, -4), SCANNED_BYTES_MAX)
      if (crc32(bytes) !== data.readUInt32BE(data.length - 4)) throw invalid('a checksum is wrong')
      return bytes
    }
    default:
      throw invalid(`expected the codec null, deflate, snappy or zstandard, got ${codec}`)
  }
}

function invalid(why: string): HeadgateError {
  return new HeadgateError('InputFailed', `expected an Avro object container file: ${why}`)
}
