/** Every example of every scanner is scanned, whole and byte by byte. */
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { conformConfig } from '../../pipelines/config-check.ts'
import type { Message } from '../../pipelines/message.ts'
import type { ScannerExample } from './scanner.ts'
import { openScanner, SCANNERS, scannerFaults, scannerField } from './scanner-field.ts'

function bytesOf(given: ScannerExample['given']): Buffer {
  if (typeof given === 'string') return Buffer.from(given)
  if ('base64' in given) return Buffer.from(given.base64, 'base64')
  return gunzipSync(Buffer.from(given.base64Gzip, 'base64'))
}

function contentOf(message: Message): unknown {
  const text = Buffer.from(message.content()).toString()
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function scanned(
  scanner: unknown,
  { given, name = '' }: ScannerExample,
  chunkBytes: number,
): Promise<unknown[]> {
  const one = openScanner(scanner)({ name, metadata: undefined })
  const bytes = bytesOf(given)
  const values: unknown[] = []
  const take = (): void => {
    for (;;) {
      const message = one.next()
      if (message === undefined) return
      values.push(contentOf(message))
    }
  }
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    await one.push(Buffer.from(bytes.subarray(at, at + chunkBytes)))
    take()
  }
  await one.end()
  take()
  return values
}

for (const { name, examples } of SCANNERS) {
  describe(`the examples of the scanner ${name}`, () => {
    for (const example of examples) {
      test.each([Number.MAX_SAFE_INTEGER, 1])(
        `${example.title}, in chunks of at most %i bytes`,
        async (chunkBytes) => {
          const scanner = conformConfig(scannerField, { [name]: example.config })
          expect(scannerFaults(scanner, [])).toEqual([])
          expect(await scanned(scanner, example, chunkBytes)).toEqual(example.then)
        },
      )
    }
  })
}

test('every scanner has an example', () => {
  expect(SCANNERS.filter(({ examples }) => examples.length === 0)).toEqual([])
})
