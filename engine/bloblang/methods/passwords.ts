/** Methods that check a password against its hash. They are slow, because guessing must be. */
import { argon2Sync, timingSafeEqual } from 'node:crypto'
import { createRequire } from 'node:module'
import type { MethodDefinition } from '../definition.ts'
import { foreign } from '../formats/foreign.ts'
import { MappingError } from '../mapping-error.ts'
import { expectText } from '../values/kind-of.ts'
import { expectBytes } from './expect-bytes.ts'

const require = createRequire(import.meta.url)

/** A hash from a message must not take all memory, or a minute. */
export const ARGON2_MEMORY_KIB_MAX = 262_144
export const ARGON2_PASSES_MAX = 16
export const ARGON2_LANES_MAX = 16
export const BCRYPT_COST_MAX = 14

/**
 * The encoded form of the reference implementation: algorithm, version, memory in KiB, passes and lanes, and then
 * salt and digest in base64 without padding.
 */
const ENCODED =
  /^\$(argon2(?:id|i|d))\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]{1,1000})\$([A-Za-z0-9+/]{1,1000})$/

function matchesArgon2(secret: Uint8Array, hashed: string): boolean {
  const match = ENCODED.exec(hashed)
  if (match === null) {
    throw new MappingError('expected a hash such as $argon2id$v=19$m=…,t=…,p=…$salt$digest')
  }
  const [, algorithm = '', memory, passes, parallelism, salt = '', digest = ''] = match
  const wanted = Buffer.from(digest, 'base64')
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  if (
    cost.memory > ARGON2_MEMORY_KIB_MAX ||
    cost.passes > ARGON2_PASSES_MAX ||
    cost.parallelism > ARGON2_LANES_MAX
  ) {
    throw new MappingError(
      `expected a hash of at most m=${ARGON2_MEMORY_KIB_MAX},t=${ARGON2_PASSES_MAX},p=${ARGON2_LANES_MAX}`,
    )
  }
  const made = foreign('expected a hash of argon2', () =>
    argon2Sync(algorithm as 'argon2id', {
      message: secret,
      nonce: Buffer.from(salt, 'base64'),
      tagLength: wanted.length,
      ...cost,
    }),
  )
  return made.length === wanted.length && timingSafeEqual(made, wanted)
}

const BCRYPT = /^\$2[abxy]?\$(\d\d)\$[./A-Za-z0-9]{53}$/

function matchesBcrypt(secret: string, hashed: string): boolean {
  const cost = BCRYPT.exec(hashed)?.[1]
  if (cost === undefined) throw new MappingError('expected a hash such as $2y$10$…')
  if (Number(cost) > BCRYPT_COST_MAX) {
    throw new MappingError(`expected a hash of a cost of at most ${BCRYPT_COST_MAX}, got ${cost}`)
  }
  const { compareSync } = require('bcryptjs') as typeof import('bcryptjs')
  return foreign('expected a hash of bcrypt', () => compareSync(secret, hashed))
}

const hashedSecret = {
  name: 'hashed_secret',
  type: 'string',
  description: 'The hash, with its options in it.',
} as const
const strings = { category: 'strings', status: 'stable', parameters: [hashedSecret] } as const

export const passwordMethods: readonly MethodDefinition[] = [
  {
    name: 'compare_argon2',
    ...strings,
    description: 'Whether the text is the secret that was hashed with Argon2.',
    examples: [
      {
        mapping:
          'root = ["open sesame", "guess"].map_each(this.compare_argon2("$argon2id$v=19$m=64,t=1,p=1$c29tZSBzYWx0$LDydQz5aavsF5tuSJ+ZgwA"))',
        output: '[true,false]',
      },
      { mapping: 'root = "x".compare_argon2("plain")', error: 'expected a hash such as' },
    ],
    build: (site) => {
      const hashed = site.string('hashed_secret')
      return (target, frame) => matchesArgon2(expectBytes(target), hashed(frame))
    },
  },
  {
    name: 'compare_bcrypt',
    ...strings,
    description: 'Whether the text is the secret that was hashed with bcrypt.',
    examples: [
      {
        mapping:
          'root = ["open sesame", "guess"].map_each(this.compare_bcrypt("$2b$04$HXl75VJ34PB60RFbYED.Cenics5TBY4WYYzz3KZ4nGxhs7a1.QnB2"))',
        output: '[true,false]',
      },
      { mapping: 'root = "x".compare_bcrypt("plain")', error: 'expected a hash such as' },
    ],
    build: (site) => {
      const hashed = site.string('hashed_secret')
      return (target, frame) => matchesBcrypt(expectText(target), hashed(frame))
    },
  },
]
