/** The encoding is compared with that of another implementation. */
import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Value } from '../../bloblang/values/value.ts'
import { avroFingerprint, canonicalForm } from './avro-fingerprint.ts'
import { encodeAvro } from './avro-json.ts'
import { AVRO_TYPE_DEPTH_MAX, FIXED_SIZE_MAX, parseAvroSchema } from './avro-type.ts'
import { AVRO_VALUES_MAX, AvroReader } from './read-avro.ts'

const json = { wrapsUnions: true, asJson: true }
const values = { wrapsUnions: true, asJson: false }

const ORDER = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  doc: 'left out',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'total', type: 'double' },
    { name: 'ratio', type: 'float' },
    { name: 'paid', type: 'boolean' },
    { name: 'note', type: ['null', 'string', { type: 'array', items: 'int' }], default: null },
    { name: 'tags', type: { type: 'map', values: 'string' } },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
    { name: 'other', type: 'Kind' },
    { name: 'next', type: ['null', 'Order'] },
  ],
}

const order = fc.letrec<{ order: object }>((tie) => ({
  order: fc.record({
    id: fc.integer(),
    total: fc.double({ noNaN: true }),
    ratio: fc.float({ noNaN: true }),
    paid: fc.boolean(),
    note: fc.oneof(
      fc.constant(null),
      fc.record({ string: fc.string() }),
      fc.record({ array: fc.array(fc.integer()) }),
    ),
    tags: fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      fc.string(),
    ),
    kind: fc.constantFrom('A', 'B'),
    other: fc.constantFrom('A', 'B'),
    next: fc.option(fc.record({ 'shop.Order': tie('order') }), { maxDepth: 3 }),
  }),
})).order

describe('the encoding of Avro', () => {
  const type = parseAvroSchema(JSON.stringify(ORDER))
  const theirs = avsc.Type.forSchema(ORDER as never, { wrapUnions: true })

  test('is that of another implementation, and is read back', () => {
    fc.assert(
      fc.property(order, (value) => {
        const bytes = encodeAvro(type, value as Value)
        expect(bytes.equals(theirs.toBuffer(value))).toBe(true)
        const back = new AvroReader(bytes, json).datum(type)
        expect(encodeAvro(type, back).equals(bytes)).toBe(true)
      }),
    )
  })

  test('keeps every number of 64 bits', () => {
    const long = parseAvroSchema('"long"')
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const reader = new AvroReader(encodeAvro(long, value), json)
        expect(BigInt(reader.datum(long) as number)).toBe(value)
        expect(reader.ended).toBe(true)
      }),
    )
    expect(() => encodeAvro(long, 2n ** 63n)).toThrow('expected a number from')
    const int = parseAvroSchema('int')
    expect(encodeAvro(int, 2_147_483_647)).toHaveLength(5)
    expect(() => encodeAvro(int, 2_147_483_648)).toThrow('expected a number from')
    expect(() => new AvroReader(Buffer.alloc(11, 0xff), json).long()).toThrow('64 bits')
  })

  test('names schemas as the other implementation does', () => {
    const canonical = canonicalForm(type)
    expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(theirs.schema())))
    // From the table of the specification's own test data.
    expect(avroFingerprint('"null"')).toBe(0x63dd24e7cc258f8an)
    expect(avroFingerprint('"int"')).toBe(0x7275d51a3f395c8fn)
  })

  test.each<[object, Value, string]>([
    [{ type: 'long', logicalType: 'timestamp-millis' }, 1_500, '"1970-01-01T00:00:01.5Z"'],
    [{ type: 'int', logicalType: 'date' }, -1, '"1969-12-31T00:00:00Z"'],
    [{ type: 'bytes', logicalType: 'decimal', scale: 2 }, Buffer.from('fe85', 'hex'), '-3.79'],
    [{ type: 'fixed', name: 'f', size: 3, logicalType: 'decimal' }, Buffer.of(0, 1, 0), '256'],
  ])('reads logical types, and writes them: %j', async (schema, raw, text) => {
    const { encodeJson } = await import('../../bloblang/values/encode-payload.ts')
    const logical = parseAvroSchema(JSON.stringify(schema))
    const bytes = encodeAvro(logical, raw)
    const read = new AvroReader(bytes, values).datum(logical)
    expect(encodeJson(read)).toBe(text)
    expect(encodeAvro(logical, read)).toEqual(bytes)
    expect(encodeAvro(logical, JSON.parse(text))).toEqual(bytes)
  })

  test('fills in defaults, of unions those of the first branch', () => {
    const record = parseAvroSchema(
      '{"type": "record", "name": "r", "fields": [{"name": "a", "type": ["string", "null"], "default": "x"}, {"name": "b", "type": ["null", "int"], "default": null}]}',
    )
    const read = new AvroReader(encodeAvro(record, {}), json).datum(record)
    expect(read).toEqual({ a: { string: 'x' }, b: null })
  })

  test.each<[object | string, Value, string]>([
    [ORDER, { id: 1.5 }, 'expected a whole number at root.id, got a number'],
    [ORDER, {}, 'expected a field at root.id, got nothing'],
    ['string', 1, 'expected a text at root, got a number'],
    [['null', 'string'], 'a', 'expected null or {"string": …} at root, got a text'],
    [{ type: 'array', items: 'int' }, [1, null], 'expected a whole number at root[1], got null'],
    [{ type: 'fixed', name: 'f', size: 2 }, 'abc', 'expected 2 bytes at root, got a text'],
    [{ type: 'enum', name: 'e', symbols: ['A'] }, 'B', 'expected one of A at root, got a text'],
    [{ type: 'bytes', logicalType: 'decimal', scale: 1 }, 1.25, 'expected a number of at most 1'],
  ])('says what does not fit %j', (schema, value, message) => {
    const text = typeof schema === 'string' ? schema : JSON.stringify(schema)
    expect(() => encodeAvro(parseAvroSchema(text), value)).toThrow(message)
  })

  test('has an end: no bytes make more values than the limit', () => {
    const nulls = parseAvroSchema('{"type": "array", "items": "null"}')
    const block = (count: number) =>
      Buffer.concat([encodeAvro(parseAvroSchema('long'), count), Buffer.of(0)])
    const read = (count: number) => new AvroReader(block(count), json).datum(nulls)
    expect(read(AVRO_VALUES_MAX - 1)).toHaveLength(AVRO_VALUES_MAX - 1)
    expect(() => read(AVRO_VALUES_MAX)).toThrow('values')
    expect(() => new AvroReader(Buffer.of(9), json).datum(nulls)).toThrow('too soon')
  })

  test('has an end where records of records are made of no bytes', () => {
    const pair = (depth: number): object | string => {
      if (depth === 0) return 'null'
      const fields = [
        { name: 'a', type: pair(depth - 1) },
        { name: 'b', type: depth === 1 ? 'null' : `R${depth - 1}` },
      ]
      return { type: 'record', name: `R${depth}`, fields }
    }
    const read = (depth: number) =>
      new AvroReader(new Uint8Array(), json).datum(parseAvroSchema(JSON.stringify(pair(depth))))
    expect(Object.keys(read(10) as object)).toEqual(['a', 'b'])
    expect(() => read(30)).toThrow(`more than ${AVRO_VALUES_MAX} values`)
  })

  test('does not fail but with an error of ours, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          new AvroReader(bytes, values).datum(type)
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'MappingFailed' })
        }
      }),
    )
  })
})

describe('a schema of Avro', () => {
  test('may nest types as deep as the limit, and no deeper', () => {
    const nested = (depth: number) =>
      `${'{"type":"array","items":'.repeat(depth)}"int"${'}'.repeat(depth)}`
    expect(parseAvroSchema(nested(AVRO_TYPE_DEPTH_MAX)).kind).toBe('array')
    expect(() => parseAvroSchema(nested(AVRO_TYPE_DEPTH_MAX + 1))).toThrow('nested more than')
  })

  test('may have a fixed as large as the limit, and no larger', () => {
    const fixed = (size: number) => `{"type": "fixed", "name": "f", "size": ${size}}`
    expect(parseAvroSchema(fixed(FIXED_SIZE_MAX)).kind).toBe('fixed')
    expect(() => parseAvroSchema(fixed(FIXED_SIZE_MAX + 1))).toThrow('expected a size')
  })

  test.each([
    ['nothing', 'expected JSON'],
    ['"Other"', 'there is no type named "Other"'],
    ['["int", "int"]', 'a union cannot have int twice'],
    ['[["int"]]', 'a union cannot have union twice'],
    ['[]', 'at least one type'],
    ['{"type": "record", "name": "1", "fields": []}', 'expected the name of a type'],
    ['{"type": "record", "name": "a"}', 'expected the fields of a'],
    ['{"type": "record", "name": "a", "fields": [{"name": "x y", "type": "int"}]}', 'another name'],
    ['{"type": "enum", "name": "a", "symbols": [1]}', 'expected the symbols of a'],
    ['[{"type":"fixed","name":"a","size":1},{"type":"fixed","name":"a","size":1}]', 'two types'],
  ])('is refused: %s', (text, message) => {
    expect(() => parseAvroSchema(text)).toThrow(message)
  })
})
