/**
 * Files in a tar archive of the format ustar (POSIX.1), and out of one as the scanner `tar` reads it.
 *
 * Each file has a header of 512 bytes: its name, then numbers in octal digits, among them the size at byte 124 and the
 * sum of the header's bytes at 148. The content follows, filled up to whole blocks, and two empty blocks end the archive.
 * A name of more than 100 bytes stands in a pax header before: an entry of the type `x` whose content is
 * `LENGTH path=NAME`, where the length counts the line and itself. The times are zero: equal batches make equal archives.
 */
import { HeadgateError } from '../error.ts'
import {
  type ArchivedFile,
  expectEntries,
  expectUnpackedBytes,
  nameBytes,
} from './archived-file.ts'
import { PartingScanner } from './scanners/parting-scanner.ts'
import { tarFiles } from './scanners/tar.ts'

const BLOCK_BYTES = 512
const NAME_BYTES_MAX = 100
const FILE = '0'
const PAX = 'x'

export function packTar(files: readonly ArchivedFile[]): Uint8Array {
  expectEntries(files.length)
  const parts: Uint8Array[] = []
  for (const file of files) {
    const name = nameBytes(file.name)
    if (name.length > NAME_BYTES_MAX) {
      const record = paxRecord(name)
      parts.push(header(Buffer.from('PaxHeader'), record.length, PAX), record, fill(record.length))
    }
    const { content } = file
    const short = name.subarray(0, NAME_BYTES_MAX)
    parts.push(header(short, content.length, FILE), content, fill(content.length))
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)])
}

export function unpackTar(archive: Uint8Array): readonly ArchivedFile[] {
  // An archive without files has its end, two empty blocks.
  if (archive.length === 0) {
    throw new HeadgateError('BadRequest', 'expected a tar archive, got nothing')
  }
  expectUnpackedBytes(archive.length)
  const scanner = new PartingScanner(tarFiles({ name: '', metadata: undefined }))
  scanner.push(archive)
  scanner.end()
  const files: ArchivedFile[] = []
  for (let one = scanner.next(); one !== undefined; one = scanner.next()) {
    files.push({ name: String(one.metadata('tar_name')), content: one.content() })
    expectEntries(files.length)
  }
  return files
}

function header(name: Buffer, size: number, type: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  name.copy(block)
  block.write('0000644\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${octal(size, 11)}\0`, 124)
  block.write(`${octal(0, 11)}\0`, 136)
  // The sum counts its own place as blanks.
  block.write(' '.repeat(8), 148)
  block.write(type, 156)
  block.write('ustar\x0000', 257)
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${octal(sum, 6)}\0 `, 148)
  return block
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

function fill(length: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (length % BLOCK_BYTES)) % BLOCK_BYTES)
}

function paxRecord(name: Buffer): Buffer {
  const line = Buffer.concat([Buffer.from(' path='), name, Buffer.from('\n')])
  let length = line.length
  while (length !== line.length + String(length).length) {
    length = line.length + String(length).length
  }
  return Buffer.concat([Buffer.from(String(length)), line])
}
