/** What is written is compared with another implementation. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import protobufjs from 'protobufjs'
import { afterAll, describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { protoTypes } from '../protobuf/proto-types.ts'
import { readProto } from '../protobuf/read-proto.ts'
import { PROTO_DEPTH_MAX } from '../protobuf/wire.ts'
import { writeProto } from '../protobuf/write-proto.ts'
import { processorsOf } from '../run-processors.ts'
import { PROTO_FILES_MAX } from './protobuf.ts'

const ORDER = `syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/any.proto";
import "google/protobuf/field_mask.proto";
import "parts/item.proto";
enum Kind { UNKNOWN = 0; LARGE = 1; }
message Order {
  string order_id = 1;
  int32 a = 2; sint32 b = 3; uint32 c = 4; fixed32 d = 5; sfixed32 e = 6;
  int64 big = 7; uint64 ubig = 8; sint64 sbig = 9; fixed64 fbig = 10; sfixed64 sfbig = 11;
  double x = 12; float y = 13; bool ok = 14; bytes raw = 15;
  Kind kind = 16;
  repeated int32 numbers = 17;
  repeated string texts = 18;
  map<string, int64> counts = 19;
  map<int32, parts.Item> items = 20;
  oneof choice { string left = 21; int32 right = 22; }
  optional int32 maybe = 23;
  parts.Item item = 24;
  Order next = 25;
  google.protobuf.Timestamp at = 26;
  google.protobuf.Duration took = 27;
  google.protobuf.Struct extra = 28;
  google.protobuf.Int64Value wrapped = 29;
  google.protobuf.Any any = 30;
  google.protobuf.FieldMask mask = 31;
  google.protobuf.Value value = 32;
  repeated int32 apart = 33 [packed = false];
}`
const ITEM = 'syntax = "proto3"; package parts; message Item { string name = 1; double price = 2; }'

const directory = mkdtempSync(join(tmpdir(), 'headgate-protobuf-'))
mkdirSync(join(directory, 'protos/parts'), { recursive: true })
writeFileSync(join(directory, 'protos/order.proto'), ORDER)
writeFileSync(join(directory, 'protos/parts/item.proto'), ITEM)
afterAll(() => rmSync(directory, { recursive: true }))

const files = { read: (path: string) => ({ path, bytes: readFileSync(join('/', path)) }) }
const environment = testEnvironment({ directory, files })
const step = (operator: string, more: object = {}) => ({
  protobuf: { operator, message: 'shop.Order', import_paths: ['protos'], ...more },
})

async function run(steps: readonly object[], ...given: unknown[]) {
  return (await processorsOf(steps, { environment }))(given)
}
const round = (given: unknown, more: object = {}) =>
  run([step('from_json', more), step('to_json', more)], given)

const FULL = {
  orderId: 'é',
  ...{ a: -1, b: -2, c: 4294967295, d: 1, e: -1 },
  ...{
    big: '-9223372036854775808',
    ubig: '18446744073709551615',
    sbig: '-3',
    fbig: '7',
    sfbig: '-7',
  },
  ...{ x: 0.1, y: 0.1, ok: true, raw: '/wA=', kind: 'LARGE' },
  ...{ numbers: [0, 1, -1], texts: ['', 'b'], counts: { a: '1', b: '0' } },
  ...{ items: { 7: { name: 'n', price: 1.5 }, 8: {} }, right: 0, maybe: 0 },
  item: {},
  next: { a: 5 },
  at: '2024-02-29T23:59:59.5Z',
  took: '-1.500s',
  extra: { a: [1, null, { b: 'c' }], d: true },
  wrapped: '0',
  any: { '@type': 'type.googleapis.com/parts.Item', name: 'x' },
  mask: 'a.orderId,b',
  value: null,
  apart: [1, 2],
}

describe('protobuf', () => {
  test('writes ProtoJSON and reads it again, every type of it', async () => {
    const { batches, failures } = await round(FULL)
    expect(failures).toEqual([undefined])
    expect(batches).toEqual([[FULL]])
  })

  test('leaves defaults out, and takes either name and numbers as texts or numbers', async () => {
    const { batches } = await round({ order_id: 'a', a: '0', big: 5, ok: false, x: 'NaN', kind: 1 })
    expect(batches).toEqual([[{ orderId: 'a', big: '5', x: 'NaN', kind: 'LARGE' }]])
    const other = await round({ orderId: 'a', kind: 7, next: null }, { use_proto_names: true })
    expect(other.batches).toEqual([[{ order_id: 'a', kind: 7 }]])
    const numbers = await round({ kind: 'LARGE' }, { use_enum_numbers: true })
    expect(numbers.batches).toEqual([[{ kind: 1 }]])
  })

  test('decodes numbers, bytes and times as what they are', async () => {
    const { messages } = await run(
      [
        step('from_json'),
        step('decode'),
        {
          mapping:
            'root = this\nroot.n = this.ubig.type()\nroot.t = this.at.ts_unix()\nroot.r = this.raw.length()',
        },
      ],
      { ubig: '9007199254740993', at: '1970-01-01T00:00:05Z', raw: 'AAAA' },
    )
    const text = Buffer.from(messages[0]?.content() ?? []).toString()
    expect(text).toContain('"n":"number","r":3,"raw":"AAAA","t":5,"ubig":9007199254740993')
  })

  test('writes the bytes of another implementation', async () => {
    const own = await protoTypes(new Map([['item.proto', PLAIN]]))
    const message = own.message('Plain')
    const theirs = protobufjs
      .parse(PLAIN, new protobufjs.Root(), { keepCase: true })
      .root.lookupType('Plain')
    if (message === undefined) throw new Error('no message')
    const options = { types: own, discardsUnknown: false }
    fc.assert(
      fc.property(plain, (value) => {
        const bytes = writeProto(message, value, options)
        expect(bytes.equals(theirs.encode(theirs.fromObject(value)).finish())).toBe(true)
        const read = { types: own, usesProtoNames: true, usesEnumNumbers: false, asJson: true }
        expect(writeProto(message, readProto(message, bytes, read), options).equals(bytes)).toBe(
          true,
        )
      }),
    )
  })

  test('flags what is no message, and never fails but with an error of ours', async () => {
    const types = await protoTypes(
      new Map([
        ['order.proto', ORDER],
        ['parts/item.proto', ITEM],
      ]),
    )
    const message = types.message('shop.Order')
    if (message === undefined) throw new Error('no message')
    const options = { types, usesProtoNames: false, usesEnumNumbers: false, asJson: true }
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          readProto(message, bytes, options)
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'MappingFailed' })
        }
      }),
      { numRuns: 1_000 },
    )
    const given = [Buffer.of(0x0a, 5, 1), Buffer.of(0x0a, 1, 0x61)]
    const { failures, batches } = await run([step('to_json')], ...given)
    expect(failures).toEqual(['expected a message of protobuf: it ends too soon', undefined])
    expect(batches[0]?.[1]).toEqual({ orderId: 'a' })
  })

  test.each([
    [{ none: 1 }, 'expected fields of shop.Order only at shop.Order.none'],
    [{ a: 2 ** 31 }, 'expected a number from -2147483648 to 2147483647 at shop.Order.a'],
    [{ a: 1.5 }, 'expected a whole number at shop.Order.a'],
    [{ kind: 'NONE' }, 'expected a name of shop.Kind at shop.Order.kind'],
    [{ next: { raw: '?' } }, 'expected bytes as base64 at shop.Order.next.raw'],
    [{ numbers: 1 }, 'expected a list at shop.Order.numbers'],
    [{ left: 'a', right: 1 }, 'expected one field of choice at shop.Order.right'],
    [{ at: 'now' }, 'expected a time as in RFC 3339 at shop.Order.at'],
    [{ any: { '@type': 'a/none' } }, 'expected the @type of a message at shop.Order.any'],
    [1, 'expected an object at shop.Order'],
  ])('flags %j', async (given, message) => {
    expect((await run([step('from_json')], given)).failures).toEqual([message])
  })

  test('passes over unknown fields where it is told to', async () => {
    const { failures } = await run([step('from_json', { discard_unknown: true })], { none: 1 })
    expect(failures).toEqual([undefined])
  })

  test('nests messages as deep as the limit, and no deeper', async () => {
    const nested = (depth: number): object => (depth === 1 ? {} : { next: nested(depth - 1) })
    const there = await round(nested(PROTO_DEPTH_MAX))
    expect(there.batches).toEqual([[nested(PROTO_DEPTH_MAX)]])
    const over = await run([step('from_json')], nested(PROTO_DEPTH_MAX + 1))
    expect(over.failures[0]).toContain(`at most ${PROTO_DEPTH_MAX} deep`)
    const bytes = Buffer.from(there.given[0]?.content() ?? [])
    expect(bytes.length).toBeGreaterThan(0)
  })

  test('reads so many files as the limit, and no more', async () => {
    mkdirSync(join(directory, 'many'))
    for (let n = 2; n < PROTO_FILES_MAX; n++) writeFileSync(join(directory, `many/${n}.proto`), '')
    const import_paths = ['protos', 'many']
    expect((await run([step('to_json', { import_paths })], '')).failures).toEqual([undefined])
    writeFileSync(join(directory, 'many/over.proto'), '')
    await expect(run([step('to_json', { import_paths })])).rejects.toMatchObject({
      code: 'LimitExceeded',
    })
  })

  test('refuses a type that is nowhere, files that are none, and imports that are missing', async () => {
    await expect(run([step('to_json', { message: 'shop.None' })])).rejects.toThrow('shop.None')
    const nowhere = run([step('to_json', { import_paths: ['nowhere'] })])
    await expect(nowhere).rejects.toMatchObject({ code: 'SourceUnreadable' })
    await expect(protoTypes(new Map([['a.proto', 'nothing']]))).rejects.toThrow('a.proto')
    const importing = new Map([['a.proto', 'syntax = "proto3"; import "b.proto";']])
    await expect(protoTypes(importing)).rejects.toThrow('a.proto imports b.proto')
    const unresolved = new Map([['a.proto', 'syntax = "proto3"; message A { B b = 1; }']])
    await expect(protoTypes(unresolved)).rejects.toThrow('expected files of protobuf')
    const bsr = [{ module: 'a', url: 'b' }]
    for (const more of [{ import_paths: [] }, { bsr }]) {
      const { problems } = await inspectPipeline({
        pipeline: { processors: [step('to_json', more)] },
      })
      expect(problems).toHaveLength(1)
    }
  })
})

const PLAIN = `syntax = "proto3";
message Plain {
  int32 a = 1; sint32 b = 2; uint32 c = 3; sint64 d = 4; double e = 5; float f = 6; bool g = 7;
  string h = 8; repeated sint32 i = 9; repeated string j = 10; optional int32 k = 11; Plain l = 12;
}`
const plain = fc.letrec<{ plain: Record<string, never> }>((tie) => ({
  plain: fc.record(
    {
      a: fc.integer(),
      b: fc.integer(),
      c: fc.nat(),
      d: fc.maxSafeInteger(),
      // The other implementation takes minus zero for the default.
      e: fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => one + 0),
      f: fc.float({ noNaN: true, noDefaultInfinity: true }).map((one) => one + 0),
      g: fc.boolean(),
      h: fc.string(),
      i: fc.array(fc.integer()),
      j: fc.array(fc.string()),
      k: fc.integer(),
      l: tie('plain'),
    },
    { requiredKeys: [] },
  ) as never,
})).plain
