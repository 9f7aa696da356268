/**
 * A WebAssembly module that looks through the bytes of a JSON document sixty-four at a time.
 *
 * It finds the numbers that native parsing would change and watches the depth, at a tenth of the time that the native
 * parser takes; the same loop in JavaScript takes nearly as long as parsing itself. The module is so small that it is
 * put together here, instruction by instruction, rather than by a tool. `scan-document.ts` has the same in JavaScript,
 * which is what the tests hold it to.
 *
 * `scan(length, found)`: the document lies at 0, with room for 64 bytes after it, which become zeros. Answers how many numbers change; their
 * begin and end lie at `found`, two 32-bit integers each. -1 when brackets may nest deeper than the limit.
 */
import { DOCUMENT_DEPTH_MAX } from './document-depth.ts'

type Code = readonly number[]

const unsigned = (value: number): Code =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]

function signed(value: bigint): Code {
  const low = Number(value & 0x7fn)
  const rest = value >> 7n
  const ends = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)
  return ends ? [low] : [low | 0x80, ...signed(rest)]
}

// Types.
const I32 = 0x7f
const I64 = 0x7e
const V128 = 0x7b
const NO_RESULT = 0x40

// Control and variables.
const block = (...body: Code[]): Code => [0x02, NO_RESULT, ...body.flat(), 0x0b]
const loop = (...body: Code[]): Code => [0x03, NO_RESULT, ...body.flat(), 0x0b]
const when = (condition: Code, ...body: Code[]): Code => [
  ...condition,
  0x04,
  NO_RESULT,
  ...body.flat(),
  0x0b,
]
const leave = (depth: number): Code => [0x0c, depth]
const leaveIf = (condition: Code, depth: number): Code => [...condition, 0x0d, depth]
const answer = (value: Code): Code => [...value, 0x0f]
const call = (index: number, ...given: Code[]): Code => [...given.flat(), 0x10, index]
const get = (local: number): Code => [0x20, local]
const set = (local: number, value: Code): Code => [...value, 0x21, local]

// Integers of 32 and 64 bits.
const i32 = (value: number): Code => [0x41, ...signed(BigInt(value))]
const i64 = (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))]
const binary =
  (opcode: number) =>
  (left: Code, right: Code): Code => [...left, ...right, opcode]
const byteAt = (address: Code, offset = 0): Code => [...address, 0x2d, 0, ...unsigned(offset)]
const halfAt = (address: Code, offset: number): Code => [...address, 0x2f, 0, ...unsigned(offset)]
const wordAt = (address: Code, offset: number): Code => [...address, 0x28, 0, ...unsigned(offset)]
const storeWord = (address: Code, offset: number, value: Code): Code => [
  ...address,
  ...value,
  0x36,
  0,
  ...unsigned(offset),
]
const isZero = (value: Code): Code => [...value, 0x45]
const equal = binary(0x46)
const below = binary(0x49)
const above = binary(0x4a)
const atLeast = binary(0x4e)
const add = binary(0x6a)
const subtract = binary(0x6b)
const and = binary(0x71)
const or = binary(0x72)
const hasBits = (value: Code): Code => [...value, 0x50, 0x45]
const lowestBit = (value: Code): Code => [...value, 0x7a, 0xa7]
const bitCount = (value: Code): Code => [...value, 0x7b, 0xa7]
const belowLong = binary(0x54)
const addLong = binary(0x7c)
const subtractLong = binary(0x7d)
const andLong = binary(0x83)
const orLong = binary(0x84)
const xorLong = binary(0x85)
const shiftLeft = binary(0x86)
const shiftRightSigned = binary(0x87)
const shiftRight = binary(0x88)
const notLong = (value: Code): Code => xorLong(value, i64(-1n))

// Sixteen bytes at once.
const loadBytes = (address: Code, offset: number): Code => [
  ...address,
  0xfd,
  0x00,
  0,
  ...unsigned(offset),
]
const storeBytes = (address: Code, offset: number, bytes: Code): Code => [
  ...address,
  ...bytes,
  0xfd,
  0x0b,
  0,
  ...unsigned(offset),
]
const all = (byte: number): Code => [0xfd, 0x0c, ...Array.from({ length: 16 }, () => byte)]
const simd =
  (opcode: number) =>
  (left: Code, right: Code): Code => [...left, ...right, 0xfd, opcode]
const equalBytes = simd(0x23)
const belowBytes = simd(0x26)
const orBytes = simd(0x50)
const subtractBytes = simd(0x71)
const bitmask = (value: Code): Code => [...value, 0xfd, 0x64, 0xad]

/** Locals of `token(start)`. */
const TOKEN = { start: 0, at: 1, from: 2, dot: 3, changes: 4, byte: 5 } as const

/**
 * Where the number that begins at `start` ends, negated when native parsing would change it: more than fifteen digits,
 * a last decimal 0, minus zero, an exponent, or six zeros after the point.
 */
function tokenCode(): Code {
  const { start, at, from, dot, changes, byte } = TOKEN
  const digits = subtract(get(at), get(from))
  return [
    ...set(from, add(get(start), equal(byteAt(get(start)), i32(0x2d)))),
    ...set(at, get(from)),
    ...set(dot, i32(-1)),
    ...block(
      loop(
        set(byte, byteAt(get(at))),
        block(
          leaveIf(below(subtract(get(byte), i32(0x30)), i32(10)), 0),
          block(leaveIf(isZero(equal(get(byte), i32(0x2e))), 0), set(dot, get(at)), leave(1)),
          leaveIf(
            isZero(
              or(
                equal(or(get(byte), i32(0x20)), i32(0x65)),
                or(equal(get(byte), i32(0x2b)), equal(get(byte), i32(0x2d))),
              ),
            ),
            2,
          ),
          set(changes, i32(1)),
        ),
        set(at, add(get(at), i32(1))),
        leave(0),
      ),
    ),
    ...when(
      isZero(get(changes)),
      block(
        leaveIf(isZero(equal(get(dot), i32(-1))), 0),
        set(
          changes,
          or(
            above(digits, i32(15)),
            and(above(get(from), get(start)), equal(byteAt(get(from)), i32(0x30))),
          ),
        ),
        leave(1),
      ),
      set(
        changes,
        or(
          or(above(digits, i32(16)), equal(byteAt(subtract(get(at), i32(1))), i32(0x30))),
          and(
            and(equal(byteAt(get(from)), i32(0x30)), above(subtract(get(at), get(dot)), i32(6))),
            and(
              equal(wordAt(get(dot), 1), i32(0x30303030)),
              equal(halfAt(get(dot), 5), i32(0x3030)),
            ),
          ),
        ),
      ),
    ),
    ...when(get(changes), answer(subtract(i32(0), get(at)))),
    ...get(at),
  ]
}

/** Locals of `scan(length, found)`; the 64-bit ones have a bit for each byte of the block at `at`. */
const SCAN = {
  length: 0,
  found: 1,
  at: 2,
  depth: 3,
  count: 4,
  end: 5,
  token: 6,
  quotes: 7,
  backslashes: 8,
  numbers: 9,
  openers: 10,
  closers: 11,
  strings: 12,
  wasInString: 13,
  wasEscaped: 14,
  wasNumber: 15,
  work: 16,
  first: 17,
} as const

/** A bit for each of the 64 bytes for which `test` gives all ones. */
function blockMask(test: (bytes: Code) => Code): Code {
  const part = (index: number): Code => {
    const bits = bitmask(test(get(SCAN.first + index)))
    return index === 0 ? bits : shiftLeft(bits, i64(BigInt(16 * index)))
  }
  return orLong(orLong(part(0), part(1)), orLong(part(2), part(3)))
}

const LOW_BITS = 0x5555555555555555n

/** Takes the quotes that a backslash escapes out of the quotes: those after an odd run of backslashes. */
function dropEscapedQuotes(): Code {
  const { backslashes, wasEscaped, quotes, work, strings } = SCAN
  return when(hasBits(orLong(get(backslashes), get(wasEscaped))), [
    ...set(backslashes, andLong(get(backslashes), notLong(get(wasEscaped)))),
    // `strings` holds what follows a backslash until it is made itself.
    ...set(strings, orLong(shiftLeft(get(backslashes), i64(1n)), get(wasEscaped))),
    ...set(
      work,
      addLong(
        andLong(andLong(get(backslashes), i64(~LOW_BITS)), notLong(get(strings))),
        get(backslashes),
      ),
    ),
    ...set(wasEscaped, [...belowLong(get(work), get(backslashes)), 0xad]),
    ...set(work, andLong(xorLong(i64(LOW_BITS), shiftLeft(get(work), i64(1n))), get(strings))),
    ...set(quotes, andLong(get(quotes), notLong(get(work)))),
  ])
}

/** Every bit becomes the parity of the bits up to it: within a string from its opening quote on. */
function markStrings(): Code {
  const { quotes, strings, wasInString } = SCAN
  return [
    ...set(strings, get(quotes)),
    ...[1n, 2n, 4n, 8n, 16n, 32n].flatMap((step) =>
      set(strings, xorLong(get(strings), shiftLeft(get(strings), i64(step)))),
    ),
    ...set(strings, xorLong(get(strings), get(wasInString))),
    ...set(wasInString, shiftRightSigned(get(strings), i64(63n))),
    ...set(strings, notLong(get(strings))),
  ]
}

function readTokens(): Code {
  const { numbers, wasNumber, work, at, end, token, found, count } = SCAN
  const place = get(token)
  return [
    ...set(
      work,
      andLong(get(numbers), notLong(orLong(shiftLeft(get(numbers), i64(1n)), get(wasNumber)))),
    ),
    ...set(wasNumber, shiftRight(get(numbers), i64(63n))),
    ...block(
      loop(
        leaveIf(isZero(hasBits(get(work))), 1),
        set(token, add(get(at), lowestBit(get(work)))),
        set(work, andLong(get(work), subtractLong(get(work), i64(1n)))),
        // The digits after `e+` look like a number of their own.
        leaveIf(below(place, get(end)), 0),
        set(end, call(0, place)),
        leaveIf(above(get(end), i32(0)), 0),
        set(end, subtract(i32(0), get(end))),
        storeWord(get(found), 0, place),
        storeWord(get(found), 4, get(end)),
        set(found, add(get(found), i32(8))),
        set(count, add(get(count), i32(1))),
        leave(0),
      ),
    ),
  ]
}

function watchDepth(): Code {
  const { openers, closers, strings, depth } = SCAN
  const folded = (bytes: Code): Code => orBytes(bytes, all(0x20))
  return [
    ...set(
      openers,
      blockMask((bytes) => equalBytes(folded(bytes), all(0x7b))),
    ),
    ...set(
      closers,
      blockMask((bytes) => equalBytes(folded(bytes), all(0x7d))),
    ),
    ...set(openers, andLong(get(openers), get(strings))),
    ...set(closers, andLong(get(closers), get(strings))),
    ...set(depth, add(get(depth), bitCount(get(openers)))),
    ...when(above(get(depth), i32(DOCUMENT_DEPTH_MAX)), answer(i32(-1))),
    ...set(depth, subtract(get(depth), bitCount(get(closers)))),
  ]
}

function scanCode(): Code {
  const { length, at, quotes, backslashes, numbers, strings, first } = SCAN
  return [
    ...[0, 1, 2, 3].flatMap((index) => storeBytes(get(length), 16 * index, all(0))),
    ...block(
      loop(
        leaveIf(atLeast(get(at), get(length)), 1),
        ...[0, 1, 2, 3].map((index) => set(first + index, loadBytes(get(at), 16 * index))),
        set(
          quotes,
          blockMask((bytes) => equalBytes(bytes, all(0x22))),
        ),
        set(
          backslashes,
          blockMask((bytes) => equalBytes(bytes, all(0x5c))),
        ),
        // From the minus to the nine: the slash among them is never outside of a string.
        set(
          numbers,
          blockMask((bytes) => belowBytes(subtractBytes(bytes, all(0x2d)), all(13))),
        ),
        dropEscapedQuotes(),
        markStrings(),
        set(numbers, andLong(get(numbers), get(strings))),
        readTokens(),
        // What is shorter cannot nest deeper and be JSON.
        when(above(get(length), i32(2 * DOCUMENT_DEPTH_MAX)), watchDepth()),
        set(at, add(get(at), i32(64))),
        leave(0),
      ),
    ),
    ...get(SCAN.count),
  ]
}

const section = (id: number, body: Code): Code => [id, ...unsigned(body.length), ...body]
const name = (text: string): Code => [...unsigned(text.length), ...Buffer.from(text)]
const functionBody = (locals: Code, code: Code): Code => {
  const body = [...locals, ...code, 0x0b]
  return [...unsigned(body.length), ...body]
}

/** The module: two functions, `scan` and `memory` exported. */
export function scanModule(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [2, 0x60, 1, I32, 1, I32, 0x60, 2, I32, I32, 1, I32]),
    ...section(3, [2, 0, 1]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name('scan'), 0, 1, ...name('memory'), 2, 0]),
    ...section(10, [
      2,
      ...functionBody([1, 5, I32], tokenCode()),
      ...functionBody([3, 5, I32, 10, I64, 4, V128], scanCode()),
    ]),
  ])
}
