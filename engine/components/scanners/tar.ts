/**
 * The files of a tar archive: ustar, with the long names of GNU tar and of pax headers.
 *
 * An archive is a list of blocks of 512 bytes. A header names an entry and its size; its bytes follow, filled up to whole
 * blocks. Two empty blocks end it. Directories and links are passed over.
 */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import { Message } from '../../pipelines/message.ts'
import { type CutNext, PartingScanner } from './parting-scanner.ts'
import { type ScannerDefinition, type ScanPlace, withEntry } from './scanner.ts'

const BLOCK_BYTES = 512

export const tar: ScannerDefinition = {
  name: 'tar',
  summary: 'A message of each file of a tar archive.',
  config: Type.Object(
    {},
    { description: 'A message of each file of a tar archive. Metadata: `tar_name`.' },
  ),
  examples: [
    {
      title: 'The files of an archive',
      config: {},
      given: {
        base64Gzip:
          'H4sIAAAAAAACA0vUK6koYaAtMAACMxMTrOIQYIzENgCyTU1MzRkUDBjoAEqLSxKLgFYyjEyQn5fKMApGLkgapPnfzGA0/9MDlJTnj2aCUTAKRsEoGIEAAIv2GjwADAAA',
      },
      then: ['one', 'two'],
    },
  ],
  build: () => (place) => new PartingScanner(tarFiles(place)),
}

interface Header {
  readonly name: string
  readonly size: number
  readonly type: string
}

/** Cuts a message of each file, with its path in the metadata `tar_name`. */
export function tarFiles(place: ScanPlace): CutNext {
  /** What an entry said of the next one. */
  let longName: string | undefined
  let longSize: number | undefined
  let over = false
  return (bytes, ended) => {
    if (over) return bytes.length === 0 ? undefined : { bytes: bytes.length, message: undefined }
    if (bytes.length < BLOCK_BYTES) {
      if (ended && bytes.length > 0) throw invalid('it ends within a header')
      return undefined
    }
    const header = headerOf(bytes)
    if (header === undefined) {
      over = true
      return { bytes: BLOCK_BYTES, message: undefined }
    }
    const size = longSize ?? header.size
    const whole = BLOCK_BYTES + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
    const end = BLOCK_BYTES + size
    if (bytes.length < (ended ? end : whole)) {
      if (ended) throw invalid(`it ends within ${longName ?? header.name}`)
      return undefined
    }
    const content = bytes.subarray(BLOCK_BYTES, end)
    const taken = Math.min(whole, bytes.length)
    if (header.type === 'L') {
      longName = textOf(content)
      return { bytes: taken, message: undefined }
    }
    if (header.type === 'x') {
      const records = paxRecords(content)
      longName = records.get('path') ?? longName
      longSize = paxSize(records.get('size')) ?? longSize
      return { bytes: taken, message: undefined }
    }
    const name = longName ?? header.name
    longName = undefined
    longSize = undefined
    if (header.type !== '0' && header.type !== '7') return { bytes: taken, message: undefined }
    const message = Message.fromBytes(content, withEntry(place.metadata, 'tar_name', name))
    return { bytes: taken, message }
  }
}

/** Undefined for an empty block. */
function headerOf(block: Buffer): Header | undefined {
  if (block.subarray(0, BLOCK_BYTES).every((byte) => byte === 0)) return undefined
  if (octal(block, 148, 8) !== checksumOf(block)) throw invalid('the checksum of a header is wrong')
  const type = String.fromCharCode(block[156] ?? 0)
  const prefix =
    textOf(block.subarray(257, 262)) === 'ustar' ? textOf(block.subarray(345, 500)) : ''
  const name = textOf(block.subarray(0, 100))
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: sizeOf(block),
    type: type === '\0' ? '0' : type,
  }
}

/** All bytes of the header, with blanks where the sum itself stands. */
function checksumOf(block: Buffer): number {
  let sum = 0
  for (let at = 0; at < BLOCK_BYTES; at++) sum += at >= 148 && at < 156 ? 32 : (block[at] ?? 0)
  return sum
}

/** Octal digits, or above 8 GiB the number itself behind a set bit. */
function sizeOf(block: Buffer): number {
  if (((block[124] ?? 0) & 0x80) !== 0) return block.readUIntBE(130, 6)
  return octal(block, 124, 12)
}

function octal(block: Buffer, from: number, length: number): number {
  const text = textOf(block.subarray(from, from + length)).trim()
  const value = text === '' ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN
  if (Number.isNaN(value)) throw invalid('a number in a header is wrong')
  return value
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.subarray(0, end < 0 ? bytes.length : end).toString()
}

/** Lines of `LENGTH KEY=VALUE`, the length counting all of the line. */
function paxRecords(bytes: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>()
  let at = 0
  while (at < bytes.length) {
    const blank = bytes.indexOf(0x20, at)
    const length = blank < 0 ? 0 : Number(bytes.subarray(at, blank))
    if (!Number.isSafeInteger(length) || length <= blank - at)
      throw invalid('a pax header is wrong')
    const [key = '', ...value] = bytes
      .subarray(blank + 1, at + length - 1)
      .toString()
      .split('=')
    records.set(key, value.join('='))
    at += length
  }
  return records
}

function paxSize(text: string | undefined): number | undefined {
  const size = text === undefined || /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (text !== undefined && !Number.isSafeInteger(size)) throw invalid('a pax header is wrong')
  return text === undefined ? undefined : size
}

function invalid(why: string): HeadgateError {
  return new HeadgateError('InputFailed', `expected a tar archive: ${why}`)
}
