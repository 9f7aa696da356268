/** Runs mappings in tests: one message in, payload or failure out, in surroundings that never change. */
import { type BloblangEnvironment, compileMapping } from './bloblang.ts'
import type { MappingSource } from './mapping.ts'
import { FILTERED, UNCHANGED } from './mapping.ts'
import { encodePayload } from './values/encode-payload.ts'
import { parseDocument } from './values/parse-document.ts'
import type { Value } from './values/value.ts'

const WALL_US = 1_700_000_000_123_456

export const FIXED_ENVIRONMENT: BloblangEnvironment = {
  clock: {
    wallUs: () => WALL_US,
    monotonicMs: () => 0,
    sleep: () => Promise.resolve(),
    schedule: () => ({ cancel: () => undefined }),
  },
  random: {
    next: () => 0.5,
    bytes: (count) => new Uint8Array(count),
    uuid: () => '00000000-0000-4000-8000-000000000000',
  },
  hostname: 'test-host',
  env: (name) => (name === 'GREETING' ? 'hello' : undefined),
}

export function sourceOf(
  content: string,
  metadata: Readonly<Record<string, Value>> = {},
): MappingSource {
  const bytes = Buffer.from(content)
  let document: Value | undefined
  return {
    content: () => bytes,
    document: () => {
      document ??= parseDocument(bytes)
      return document
    },
    metadata: (key) => (Object.hasOwn(metadata, key) ? metadata[key] : undefined),
    metadataKeys: () => Object.keys(metadata),
    failure: () => undefined,
  }
}

/** The payload as text, `(unchanged)` or `(deleted)`. Throws what compiling or running says is wrong. */
export function runMapping(
  text: string,
  content = '{}',
  way: 'map' | 'mutate' = 'map',
  environment: BloblangEnvironment = FIXED_ENVIRONMENT,
): string {
  const compiled = compileMapping(text, environment)
  if (!compiled.ok) throw new Error(compiled.problems.map((problem) => problem.message).join('\n'))
  const { root } = compiled.value[way]([sourceOf(content)], 0)
  if (root === UNCHANGED) return '(unchanged)'
  if (root === FILTERED) return '(deleted)'
  return Buffer.from(encodePayload(root)).toString()
}
