/** Files as chance would damage them: bytes lost, doubled and swapped, cuts, and pieces of other files in their midst. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../../engine/ports/random.ts'

const ROOT = join(import.meta.dirname, '../..')
const EDITS_MAX = 8
const NOISE_BYTES_MAX = 400

/** What means something to a reader of YAML, JSON or Bloblang. */
const SCRAPS =
  '---\n|- |? |: |{|}|[|]|"|\'|&a |*a|<<: |!!x |>-\n|\t|#|%YAML 1.1\n|,|\0|\uFEFF|\r|\u2028|😀|.inf|010|yes|null|~|__proto__: |${! |${X}|"""|\\|\n\n|  |spec:|kind: Stream|1e999'.split(
    '|',
  )

/** Every example and every file of the faulty corpus. */
export function corpus(): readonly Buffer[] {
  return ['examples', 'test/faulty'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => readFileSync(path)),
  )
}

export function below(random: Random, limit: number): number {
  return Math.floor(random.next() * limit)
}

export function noise(random: Random): Buffer {
  return Buffer.from(random.bytes(below(random, NOISE_BYTES_MAX)))
}

export function mutated(files: readonly Buffer[], random: Random): Buffer {
  let bytes = pick(files, random)
  for (let edits = 1 + below(random, EDITS_MAX); edits > 0; edits--) {
    bytes = edited(bytes, files, random)
  }
  return bytes
}

function edited(bytes: Buffer, files: readonly Buffer[], random: Random): Buffer {
  const from = below(random, bytes.length + 1)
  const to = Math.min(bytes.length, from + below(random, 24))
  const before = bytes.subarray(0, from)
  const between = bytes.subarray(from, to)
  const after = bytes.subarray(to)
  switch (below(random, 7)) {
    case 0:
      return Buffer.concat([before, after])
    case 1:
      return Buffer.concat([before, between, between, after])
    case 2:
      return Buffer.concat([before, Buffer.from(pick(SCRAPS, random)), after])
    case 3:
      return Buffer.from(before)
    case 4: {
      const other = pick(files, random)
      const start = below(random, other.length)
      return Buffer.concat([before, other.subarray(start, start + below(random, 200)), after])
    }
    case 5:
      return Buffer.concat([before, Buffer.from(random.bytes(1 + below(random, 4))), after])
    default:
      return Buffer.concat([before, Buffer.from(between).reverse(), after])
  }
}

function pick<T>(items: readonly T[], random: Random): T {
  const item = items[below(random, items.length)]
  if (item === undefined) throw new Error('expected something to pick from, got nothing')
  return item
}
