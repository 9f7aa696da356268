import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { ARCHIVE_BYTES_MAX, ARCHIVE_ENTRIES_MAX, type ArchivedFile } from './archived-file.ts'
import { packTar, unpackTar } from './tar-archive.ts'
import { expectZipRoom, packZip, unpackZip, ZIP_BYTES_MAX } from './zip-archive.ts'

const FORMATS = [
  ['tar', packTar, unpackTar],
  ['zip', packZip, unpackZip],
] as const

const file = (name: string, content: string | Uint8Array): ArchivedFile => ({
  name,
  content: Buffer.from(content),
})
const told = (files: readonly ArchivedFile[]) =>
  files.map(({ name, content }) => [name, Buffer.from(content).toString('latin1')])

const DEEP = `${'deep/'.repeat(40)}é.txt`
const SAMPLE = [
  file('a.txt', 'first'),
  file('b/empty', ''),
  file('ü.json', 'x'.repeat(2_000)),
  file(DEEP, Buffer.of(0, 255, 10)),
]

const directory = mkdtempSync(join(tmpdir(), 'headgate-archives-'))
afterAll(() => rmSync(directory, { recursive: true }))
const has = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0
const written = (name: string, bytes: Uint8Array): string => {
  const path = join(directory, name)
  writeFileSync(path, bytes)
  return path
}

describe.each(FORMATS)('a %s', (_, pack, unpack) => {
  test('gives back what went into it, whatever that is', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 })
    const path = name.filter((text) => !text.includes('\0') && !text.endsWith('/'))
    const content = fc.uint8Array({ maxLength: 2_000 })
    fc.assert(
      fc.property(fc.array(fc.tuple(path, content), { maxLength: 6 }), (pairs) => {
        const files = pairs.map(([one, bytes]) => file(one, bytes))
        expect(told(unpack(pack(files)))).toEqual(told(files))
        expect(pack(files)).toEqual(pack(files))
      }),
    )
  })

  test('never breaks with anything but an error, however it is cut or changed', () => {
    const whole = Buffer.from(pack(SAMPLE))
    fc.assert(
      fc.property(
        fc.nat(whole.length),
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }),
        (length, changes) => {
          const bytes = Buffer.from(whole)
          for (const [at, byte] of changes) bytes[at] = byte
          try {
            unpack(bytes.subarray(0, length))
          } catch (thrown) {
            expect(thrown).toMatchObject({ message: expect.stringContaining('expected') })
          }
        },
      ),
    )
  })

  test('holds as many files as the limit, and no more', () => {
    const many = Array.from({ length: ARCHIVE_ENTRIES_MAX }, (_each, index) => file(`${index}`, ''))
    expect(unpack(pack(many))).toHaveLength(ARCHIVE_ENTRIES_MAX)
    expect(() => pack([...many, file('over', '')])).toThrow(`${ARCHIVE_ENTRIES_MAX} files`)
  })

  test('refuses a path with a zero byte, and no bytes at all', () => {
    expect(() => pack([file('a\0b', '')])).toThrow('expected a path without a zero byte')
    expect(() => unpack(Buffer.alloc(0))).toThrow('archive')
  })
})

describe('a tar', () => {
  test.runIf(has('tar', '--version'))('is read by tar, and reads what tar writes', () => {
    const path = written('own.tar', packTar(SAMPLE))
    const names = execFileSync('tar', ['--quoting-style=literal', '-tf', path], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    })
    expect(names.trim().split('\n')).toEqual(SAMPLE.map(({ name }) => name))
    execFileSync('tar', ['-xf', path, '-C', directory])
    for (const { name, content } of SAMPLE) {
      expect(readFileSync(join(directory, name))).toEqual(content)
    }
    for (const format of ['ustar', 'gnu', 'pax']) {
      const theirs = join(directory, `${format}.tar`)
      const members = ['a.txt', 'b', 'deep'].filter((one) => readdirSync(directory).includes(one))
      execFileSync('tar', [`--format=${format}`, '-cf', theirs, '-C', directory, ...members])
      const read = told(unpackTar(readFileSync(theirs)))
      expect(read).toEqual(told(SAMPLE.filter(({ name }) => name !== 'ü.json')))
    }
  })

  test('of more bytes than the limit is refused', () => {
    const end = 1_024
    const largest = packTar([file('a', Buffer.alloc(ARCHIVE_BYTES_MAX - 512 - end))])
    expect(largest).toHaveLength(ARCHIVE_BYTES_MAX)
    expect(unpackTar(largest)).toHaveLength(1)
    expect(() => unpackTar(Buffer.concat([largest, Buffer.alloc(1)]))).toThrow('when unpacked')
  })

  test('of more files than the limit is refused', () => {
    const one = Buffer.from(packTar([file('a', '')])).subarray(0, 512)
    const files = (count: number) => Buffer.concat(new Array<Buffer>(count).fill(one))
    expect(unpackTar(files(ARCHIVE_ENTRIES_MAX))).toHaveLength(ARCHIVE_ENTRIES_MAX)
    expect(() => unpackTar(files(ARCHIVE_ENTRIES_MAX + 1))).toThrow('files, got more')
  })

  test.each(['-1024', '1e3', '', '9'.repeat(20)])('with a pax size of %j is refused', (size) => {
    const long = Buffer.from(packTar([file('n'.repeat(200), 'content')]))
    const record = ` size=${size}\n`
    const line = `${record.length + 2}${record}`
    long.fill(0, 512, 1_024)
    long.write(line, 512)
    const octal = line.length.toString(8).padStart(11, '0')
    long.write(octal, 124)
    long.fill(' ', 148, 156)
    const sum = long.subarray(0, 512).reduce((total, byte) => total + byte, 0)
    long.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    expect(() => unpackTar(long)).toThrow('a pax header is wrong')
  })
})

const WRITE_ZIP = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    z.writestr('stored.txt', 'one', zipfile.ZIP_STORED)
    z.writestr('folder/', '')
    z.writestr('folder/ü.txt', 'two' * 500, zipfile.ZIP_DEFLATED)
    z.comment = b'a comment PK\\x05\\x06'
`
/** Lets a small archive be written as one that is too large for 32 bits. */
const SMALL_NUMBERS = `
import zipfile
zipfile.ZIP64_LIMIT = 20
zipfile.ZIP_FILECOUNT_LIMIT = 1
`
const READ_ZIP = `
import sys, json, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps([[i.filename, z.read(i).decode('latin1')] for i in z.infolist()]))
`

describe('a zip', () => {
  test.runIf(has('python3', '-c', 'import zipfile'))(
    'is read by others, and reads what others write',
    () => {
      const path = written('own.zip', packZip(SAMPLE))
      const read = execFileSync('python3', ['-c', READ_ZIP, path], { encoding: 'utf8' })
      expect(JSON.parse(read)).toEqual(told(SAMPLE))
      const theirs = join(directory, 'theirs.zip')
      execFileSync('python3', ['-c', WRITE_ZIP, theirs])
      const expected = [
        ['stored.txt', 'one'],
        ['folder/ü.txt', 'two'.repeat(500)],
      ]
      expect(told(unpackZip(readFileSync(theirs)))).toEqual(expected)
      const behind = Buffer.concat([Buffer.from('#!/bin/sh\n'), readFileSync(theirs)])
      expect(told(unpackZip(behind))).toEqual(expected)
    },
  )

  test.runIf(has('python3', '-c', 'import zipfile'))(
    'is read with 64-bit numbers where others write them',
    () => {
      const path = join(directory, 'large.zip')
      execFileSync('python3', ['-c', `${SMALL_NUMBERS}${WRITE_ZIP}`, path])
      const bytes = readFileSync(path)
      expect(bytes.includes('PK\x06\x06') && bytes.includes('PK\x06\x07')).toBe(true)
      const expected = [
        ['stored.txt', 'one'],
        ['folder/ü.txt', 'two'.repeat(500)],
      ]
      expect(told(unpackZip(bytes))).toEqual(expected)
      expect(told(unpackZip(Buffer.concat([Buffer.from('before'), bytes])))).toEqual(expected)
      const central = bytes.lastIndexOf('PK\x01\x02')
      const lying = Buffer.from(bytes)
      lying.writeUInt16LE(2, central + 46 + lying.readUInt16LE(central + 28))
      expect(() => unpackZip(lying)).toThrow('an entry lacks a 64-bit number')
      const many = Buffer.from(bytes)
      many.writeUInt8(1, many.indexOf('PK\x06\x06') + 39)
      expect(() => unpackZip(many)).toThrow('out of bounds')
    },
  )

  test('that would unpack to more bytes than the limit is refused, however small it is', () => {
    const largest = packZip([file('a', Buffer.alloc(ARCHIVE_BYTES_MAX))])
    expect(largest.length).toBeLessThan(100_000)
    expect(unpackZip(largest)[0]?.content).toHaveLength(ARCHIVE_BYTES_MAX)
    const over = [file('a', Buffer.alloc(ARCHIVE_BYTES_MAX)), file('b', 'x')]
    expect(() => unpackZip(packZip(over))).toThrow('when unpacked')
  })

  test('that lies about the size of a file is refused before more of it is made', () => {
    const bytes = Buffer.from(packZip([file('a', Buffer.alloc(10_000))]))
    bytes.writeUInt32LE(10, bytes.indexOf('PK\x01\x02') + 24)
    expect(() => unpackZip(bytes)).toThrow('a is not what its size and method say')
  })

  test('whose files share their content is refused', () => {
    const packed = deflateRawSync(Buffer.alloc(5_000))
    const one = Buffer.from(packZip([file('a', Buffer.alloc(5_000))]))
    const at = one.indexOf('PK\x01\x02')
    const entry = one.subarray(at, one.length - 22)
    const end = Buffer.from(one.subarray(one.length - 22))
    end.writeUInt16LE(20, 8)
    end.writeUInt16LE(20, 10)
    end.writeUInt32LE(entry.length * 20, 12)
    const directoryOf20 = new Array<Buffer>(20).fill(entry)
    const bomb = Buffer.concat([one.subarray(0, at), ...directoryOf20, end])
    expect(bomb.length).toBeLessThan(20 * (30 + packed.length))
    expect(() => unpackZip(bomb)).toThrow('overlap')
  })

  test.each([
    [8, 1, 'a is encrypted'],
    [10, 12, 'a is neither stored nor deflated'],
    [16, 0, 'the check sum or the size of a is wrong'],
    [42, 1, 'a is not where its directory says'],
  ])('whose entry has at byte %i the number %i is refused', (place, value, why) => {
    const bytes = Buffer.from(packZip([file('a', 'content')]))
    bytes.writeUInt16LE(value, bytes.indexOf('PK\x01\x02') + place)
    expect(() => unpackZip(bytes)).toThrow(why)
  })

  test('grows as long as its numbers reach', () => {
    expect(() => expectZipRoom(ZIP_BYTES_MAX)).not.toThrow()
    expect(() => expectZipRoom(ZIP_BYTES_MAX + 1)).toThrow(`${ZIP_BYTES_MAX} bytes`)
    expect(packZip([file('n'.repeat(65_535), '')])).toBeDefined()
    expect(() => packZip([file('n'.repeat(65_536), '')])).toThrow('paths of at most 65535')
  })
})
