/**
 * Files in a zip archive, and out of one (PKWARE's APPNOTE, without encryption; with 64-bit numbers where it is read).
 *
 * Numbers have their lowest byte first. Each file is a local header of 30 bytes, its name, and its content, stored
 * (method 0) or deflated (8). Behind all stands the central directory, which is what counts: an entry of 46 bytes for
 * each file, with its name, check sum, sizes and where its local header is. The last 22 bytes say how many entries there
 * are and where they begin; a comment may follow. Bit 11 of the flags says that names are UTF-8; what does not set it
 * mostly is, too. The time is the first that the format knows: equal batches make equal archives.
 *
 * A number that is all ones stands elsewhere, with 8 bytes: those of the directory's end in a record before it, to which
 * a locator of 20 bytes between the two points; those of an entry in its extra field 1, in the order of the header.
 */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { HeadgateError } from '../error.ts'
import {
  type ArchivedFile,
  expectEntries,
  expectUnpackedBytes,
  nameBytes,
} from './archived-file.ts'

const LOCAL = { signature: 0x04034b50, bytes: 30 } as const
const CENTRAL = { signature: 0x02014b50, bytes: 46 } as const
const END = { signature: 0x06054b50, bytes: 22 } as const
const COMMENT_BYTES_MAX = 0xffff
const NAME_BYTES_MAX = 0xffff
const STORED = 0
const DEFLATED = 8
const VERSION = 20
const UTF8_FLAG = 0x0800
const ENCRYPTED_FLAG = 0x0001
const FIRST_DATE = 0x0021
/** Deflating less gains next to nothing, and takes longer than all else. */
const DEFLATED_BYTES_MIN = 128
const LOCATOR = { signature: 0x07064b50, bytes: 20 } as const
const END_64 = { signature: 0x06064b50, bytes: 56 } as const
const EXTRA_64 = 1
/** Stands for a number in the 64-bit extension. */
const ELSEWHERE = 0xffff_ffff
/** Where a file of the archive may begin, as the format counts. */
export const ZIP_BYTES_MAX: number = ELSEWHERE - 1

export function packZip(files: readonly ArchivedFile[]): Uint8Array {
  expectEntries(files.length)
  const locals: Uint8Array[] = []
  const central: Uint8Array[] = []
  let at = 0
  for (const file of files) {
    const name = nameBytes(file.name)
    if (name.length > NAME_BYTES_MAX) {
      throw tooLarge(`paths of at most ${NAME_BYTES_MAX} bytes`)
    }
    const packed = deflatedOf(file.content)
    const common = commonHeader(file.content, packed, name.length)
    locals.push(signed(LOCAL.signature), common, name, packed)
    central.push(centralHeader(common, at), name)
    at += LOCAL.bytes + name.length + packed.length
    expectZipRoom(at)
  }
  const directory = Buffer.concat(central)
  expectZipRoom(at + directory.length)
  return Buffer.concat([...locals, directory, endRecord(files.length, directory.length, at)])
}

export function expectZipRoom(bytes: number): void {
  if (bytes > ZIP_BYTES_MAX) throw tooLarge(`an archive of at most ${ZIP_BYTES_MAX} bytes`)
}

/** The content itself where it does not become smaller. */
function deflatedOf(content: Uint8Array): Uint8Array {
  if (content.length < DEFLATED_BYTES_MIN) return content
  const deflated = deflateRawSync(content)
  return deflated.length < content.length ? deflated : content
}

/** What both headers have, from the version to the length of what stands behind the name. */
function commonHeader(content: Uint8Array, packed: Uint8Array, nameLength: number): Buffer {
  const bytes = Buffer.alloc(26)
  bytes.writeUInt16LE(VERSION, 0)
  bytes.writeUInt16LE(UTF8_FLAG, 2)
  bytes.writeUInt16LE(packed === content ? STORED : DEFLATED, 4)
  bytes.writeUInt16LE(FIRST_DATE, 8)
  bytes.writeUInt32LE(crc32(content), 10)
  bytes.writeUInt32LE(packed.length, 14)
  bytes.writeUInt32LE(content.length, 18)
  bytes.writeUInt16LE(nameLength, 22)
  return bytes
}

function centralHeader(common: Buffer, at: number): Buffer {
  const bytes = Buffer.alloc(CENTRAL.bytes)
  bytes.writeUInt32LE(CENTRAL.signature, 0)
  bytes.writeUInt16LE(VERSION, 4)
  common.copy(bytes, 6)
  bytes.writeUInt32LE(at, 42)
  return bytes
}

function endRecord(count: number, directoryBytes: number, at: number): Buffer {
  const bytes = Buffer.alloc(END.bytes)
  bytes.writeUInt32LE(END.signature, 0)
  bytes.writeUInt16LE(count, 8)
  bytes.writeUInt16LE(count, 10)
  bytes.writeUInt32LE(directoryBytes, 12)
  bytes.writeUInt32LE(at, 16)
  return bytes
}

function signed(signature: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(signature)
  return bytes
}

interface Entry {
  readonly name: string
  readonly flags: number
  readonly method: number
  readonly checksum: number
  readonly packedBytes: number
  readonly bytes: number
  readonly at: number
}

/** Folders are passed over. */
export function unpackZip(archive: Uint8Array): readonly ArchivedFile[] {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.length)
  const entries = entriesOf(bytes)
  const files: ArchivedFile[] = []
  let packed = 0
  let unpacked = 0
  for (const entry of entries) {
    // Entries that share their content would make much work of little.
    packed += LOCAL.bytes + entry.packedBytes
    if (packed > bytes.length) throw invalid('its files overlap, or it ends too soon')
    if (entry.name.endsWith('/')) continue
    expectUnpackedBytes(unpacked + entry.bytes)
    const content = contentOf(bytes, entry)
    unpacked += content.length
    files.push({ name: entry.name, content })
  }
  return files
}

function entriesOf(bytes: Buffer): readonly Entry[] {
  const { end, count, directoryBytes, told } = directoryOf(bytes)
  expectEntries(count)
  // Something may stand before the archive: all places are told from where it begins.
  const begin = end - directoryBytes - told
  if (begin < 0) throw invalid('its directory lies outside of it')
  const entries: Entry[] = []
  let at = begin + told
  while (entries.length < count) {
    if (at + CENTRAL.bytes > end || bytes.readUInt32LE(at) !== CENTRAL.signature) {
      throw invalid(`its directory has fewer than ${count} files`)
    }
    const nameEnd = at + CENTRAL.bytes + bytes.readUInt16LE(at + 28)
    if (nameEnd > end) throw invalid('a name does not end')
    const extraEnd = nameEnd + bytes.readUInt16LE(at + 30)
    if (extraEnd > end) throw invalid('an entry does not end')
    const next64 = numbers64(bytes.subarray(nameEnd, extraEnd))
    const number = (place: number): number => {
      const told = bytes.readUInt32LE(place)
      return told === ELSEWHERE ? next64() : told
    }
    const [unpackedBytes, packedBytes] = [number(at + 24), number(at + 20)]
    entries.push({
      name: bytes.toString('utf8', at + CENTRAL.bytes, nameEnd),
      flags: bytes.readUInt16LE(at + 8),
      method: bytes.readUInt16LE(at + 10),
      checksum: bytes.readUInt32LE(at + 16),
      packedBytes,
      bytes: unpackedBytes,
      at: begin + number(at + 42),
    })
    at = extraEnd + bytes.readUInt16LE(at + 32)
  }
  return entries
}

interface Directory {
  /** Where it ends at the latest. */
  readonly end: number
  readonly count: number
  readonly directoryBytes: number
  /** Where it begins, from where the archive does. */
  readonly told: number
}

function directoryOf(bytes: Buffer): Directory {
  const end = endOf(bytes)
  const count = bytes.readUInt16LE(end + 10)
  const directoryBytes = bytes.readUInt32LE(end + 12)
  const told = bytes.readUInt32LE(end + 16)
  const locator = end - LOCATOR.bytes
  // Some write it where the numbers fit, too.
  if (locator < 0 || bytes.readUInt32LE(locator) !== LOCATOR.signature)
    return { end, count, directoryBytes, told }
  // What may follow the record's fixed part nobody writes; where the archive begins is not known yet.
  const at = locator - END_64.bytes
  if (at < 0 || bytes.readUInt32LE(at) !== END_64.signature)
    throw invalid('its 64-bit numbers are not where they belong')
  return {
    end: at,
    count: number64(bytes, at + 32),
    directoryBytes: number64(bytes, at + 40),
    told: number64(bytes, at + 48),
  }
}

/** The numbers of an entry that stand in its extra fields, one after the other. */
function numbers64(extra: Buffer): () => number {
  let at = 0
  let end = 0
  while (end === 0 && at + 4 <= extra.length) {
    const size = extra.readUInt16LE(at + 2)
    if (extra.readUInt16LE(at) === EXTRA_64) end = at + 4 + size
    at += end === 0 ? 4 + size : 4
  }
  return () => {
    if (at + 8 > Math.min(end, extra.length)) throw invalid('an entry lacks a 64-bit number')
    at += 8
    return number64(extra, at - 8)
  }
}

function number64(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid('a number of it is out of bounds')
  return Number(value)
}

/** The last record whose comment ends where the archive does. */
function endOf(bytes: Buffer): number {
  const first = Math.max(0, bytes.length - END.bytes - COMMENT_BYTES_MAX)
  for (let at = bytes.length - END.bytes; at >= first; at--) {
    if (bytes.readUInt32LE(at) !== END.signature) continue
    if (at + END.bytes + bytes.readUInt16LE(at + 20) === bytes.length) return at
  }
  throw invalid('it has no directory at its end')
}

function contentOf(bytes: Buffer, entry: Entry): Uint8Array {
  const { at, name } = entry
  if ((entry.flags & ENCRYPTED_FLAG) !== 0) throw invalid(`${name} is encrypted`)
  if (at + LOCAL.bytes > bytes.length || bytes.readUInt32LE(at) !== LOCAL.signature) {
    throw invalid(`${name} is not where its directory says`)
  }
  const from = at + LOCAL.bytes + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28)
  if (from + entry.packedBytes > bytes.length) throw invalid(`it ends within ${name}`)
  const content = unpacked(bytes.subarray(from, from + entry.packedBytes), entry)
  if (content.length !== entry.bytes || crc32(content) !== entry.checksum) {
    throw invalid(`the check sum or the size of ${name} is wrong`)
  }
  return content
}

function unpacked(packed: Buffer, { method, name, bytes }: Entry): Uint8Array {
  if (method === STORED) return packed
  if (method !== DEFLATED) throw invalid(`${name} is neither stored nor deflated`)
  try {
    // The size that it tells may be a lie: no more than that is made.
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes) })
  } catch (cause) {
    throw invalid(`${name} is not what its size and method say`, cause)
  }
}

function invalid(why: string, cause?: unknown): HeadgateError {
  return new HeadgateError('BadRequest', `expected a zip archive: ${why}`, { cause })
}

function tooLarge(what: string): HeadgateError {
  return new HeadgateError('LimitExceeded', `expected ${what}, got more`)
}
