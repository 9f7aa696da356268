/**
 * Notices that a secret in use was changed, without keeping it: what is remembered is a fingerprint under a key that
 * lives as long as the process.
 *
 * Only what running pipelines refer to is looked at; nothing is read where nothing refers to a secret.
 */
import { createHmac } from 'node:crypto'
import type { SecretReference, SecretResolver } from '../../engine/pipelines/pipeline.ts'
import type { Random } from '../../engine/ports/random.ts'

const KEY_BYTES = 32

export interface SecretUse {
  readonly owner: string
  readonly references: readonly SecretReference[]
  readonly secrets: SecretResolver
  /** Of the values that it runs with. */
  readonly fingerprint: string
}

export class SecretWatch {
  readonly #hmacKey: Uint8Array
  readonly #uses = new Map<string, SecretUse>()
  readonly #changed = new Set<string>()

  constructor(random: Pick<Random, 'bytes'>) {
    this.#hmacKey = random.bytes(KEY_BYTES)
  }

  /** Empty without references. Throws SecretMissing, naming the reference. */
  async fingerprint(
    references: readonly SecretReference[],
    secrets: SecretResolver,
  ): Promise<string> {
    if (references.length === 0) return ''
    const hmac = createHmac('sha256', this.#hmacKey)
    for (const reference of references) {
      const value = Buffer.from(await secrets.resolve(reference))
      // With its length, so that no two lists of values read the same.
      hmac.update(`${value.length}:`).update(value)
    }
    return hmac.digest('hex')
  }

  /** It runs with these values now. */
  use(key: string, use: SecretUse): void {
    this.#changed.delete(key)
    if (use.references.length === 0) this.#uses.delete(key)
    else this.#uses.set(key, use)
  }

  forget(key: string): void {
    this.#uses.delete(key)
    this.#changed.delete(key)
  }

  /** Answers whose secrets have changed or gone since the look before; each stays so until it runs with what is there. */
  async look(isMine: (owner: string) => boolean): Promise<readonly string[]> {
    const noticed: string[] = []
    for (const [key, { owner, references, secrets, fingerprint }] of [...this.#uses]) {
      if (!isMine(owner) || this.#changed.has(key)) continue
      const now = await this.fingerprint(references, secrets).catch(() => undefined)
      if (now === fingerprint) continue
      this.#changed.add(key)
      noticed.push(key)
    }
    return noticed
  }

  hasChanged(key: string): boolean {
    return this.#changed.has(key)
  }
}
