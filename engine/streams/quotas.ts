/**
 * Holds each namespace to its quota: how many bytes its streams may hold together, sealed ones included, and how many
 * may be appended a second. It judges appends only; what frees room is never refused, and it does no input or output.
 *
 * What is stored is counted as it is admitted and as it is dropped, so a quota is kept to the byte: nothing that is
 * under way is forgotten. A rate lets a burst of one second through, and one write more.
 */
import { byteText } from '../../crds/size.ts'
import { HeadgateError } from '../error.ts'
import type { AppendPart, StoredStream, WriteGate } from '../log/write-gate.ts'
import type { Clock } from '../ports/clock.ts'
import { TokenBucket } from './token-bucket.ts'

export interface Quota {
  readonly bytes?: number
  readonly bytesPerSecond?: number
}

/** Of each namespace that has one, by its name. */
export type Quotas = ReadonlyMap<string, Quota>

export interface QuotaUse extends Quota {
  readonly namespace: string
  readonly usedBytes: number
  /** By which of the two an append was refused, or will be, while none was let through since. */
  readonly refusing: 'bytes' | 'bytesPerSecond' | undefined
}

/** What tells how full quotas are, for status and metrics. */
export interface QuotaReport {
  use(namespace: string): QuotaUse | undefined
  uses(): readonly QuotaUse[]
}

/** Room is made by retention, which looks each ten seconds, or by a person. */
export const QUOTA_RETRY_MS = 5_000
/** A rate that refused nothing for so long is kept. */
export const RATE_REFUSAL_MS = 10_000

export class NamespaceQuotas implements WriteGate, QuotaReport {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #accounts = new Map<string, Account>()
  /** By incarnation; undefined for a stream whose namespace has no quota. */
  readonly #streams = new Map<number, CountedStream | undefined>()

  constructor(quotas: Quotas, clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
    for (const [namespace, quota] of quotas) {
      this.#accounts.set(namespace, new Account(namespace, quota, clock.monotonicMs()))
    }
  }

  admit(parts: readonly AppendPart[]): void {
    if (this.#accounts.size === 0) return
    const wanted = new Map<Account, number>()
    for (const { stream, incarnation, batch } of parts) {
      const account = this.#stream(stream, incarnation)?.account
      if (account === undefined) continue
      wanted.set(account, (wanted.get(account) ?? 0) + batch.length)
    }
    if (wanted.size === 0) return
    const nowMs = this.#clock.monotonicMs()
    for (const [account, bytes] of wanted) account.judge(bytes, nowMs)
    for (const [account, bytes] of wanted) account.take(bytes)
    for (const { stream, incarnation, batch } of parts) {
      const counted = this.#stream(stream, incarnation)
      if (counted !== undefined) counted.bytes += batch.length
    }
  }

  /** A stream without records takes no room. */
  admitStream(): void {}

  released(incarnation: number, bytes: number): void {
    const counted = this.#streams.get(incarnation)
    if (counted === undefined) return
    const held = Math.min(bytes, counted.bytes)
    counted.bytes -= held
    counted.account.release(held)
  }

  removed(incarnation: number): void {
    const counted = this.#streams.get(incarnation)
    if (counted !== undefined) counted.account.release(counted.bytes)
    this.#streams.delete(incarnation)
  }

  load(streams: Iterable<StoredStream>): void {
    for (const incarnation of [...this.#streams.keys()]) this.removed(incarnation)
    for (const { name, incarnation, bytes } of streams) {
      const counted = this.#stream(name, incarnation)
      if (counted === undefined) continue
      counted.bytes += bytes
      counted.account.hold(bytes)
    }
  }

  use(namespace: string): QuotaUse | undefined {
    return this.#accounts.get(namespace)?.use(this.#clock.monotonicMs())
  }

  uses(): readonly QuotaUse[] {
    const nowMs = this.#clock.monotonicMs()
    return [...this.#accounts.values()].map((account) => account.use(nowMs))
  }

  #stream(name: string, incarnation: number): CountedStream | undefined {
    if (this.#streams.has(incarnation)) return this.#streams.get(incarnation)
    const account = this.#accounts.get(namespaceOf(name))
    const counted = account === undefined ? undefined : { account, bytes: 0 }
    this.#streams.set(incarnation, counted)
    return counted
  }
}

interface CountedStream {
  readonly account: Account
  bytes: number
}

/** A name without a namespace belongs to the default one. */
export function namespaceOf(stream: string): string {
  const slash = stream.indexOf('/')
  return slash < 0 ? 'default' : stream.slice(0, slash)
}

class Account {
  readonly #namespace: string
  readonly #quota: Quota
  readonly #bucket: TokenBucket | undefined
  #usedBytes = 0
  /** What did not fit, until something does or there is room for it. */
  #refusedBytes = 0
  #rateRefusedMs: number | undefined

  constructor(namespace: string, quota: Quota, nowMs: number) {
    this.#namespace = namespace
    this.#quota = quota
    if (quota.bytesPerSecond !== undefined) {
      this.#bucket = new TokenBucket(quota.bytesPerSecond, nowMs)
    }
  }

  judge(bytes: number, nowMs: number): void {
    const max = this.#quota.bytes
    if (max !== undefined && this.#usedBytes + bytes > max) {
      this.#refusedBytes = bytes
      throw this.#full(bytes, max)
    }
    const waitMs = this.#bucket?.waitMs(nowMs) ?? 0
    if (waitMs > 0) {
      this.#rateRefusedMs = nowMs
      throw this.#tooFast(waitMs)
    }
  }

  take(bytes: number): void {
    this.#bucket?.take(bytes)
    this.#refusedBytes = 0
    this.hold(bytes)
  }

  hold(bytes: number): void {
    this.#usedBytes += bytes
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes
  }

  use(nowMs: number): QuotaUse {
    return {
      namespace: this.#namespace,
      ...this.#quota,
      usedBytes: this.#usedBytes,
      refusing: this.#refusing(nowMs),
    }
  }

  #refusing(nowMs: number): QuotaUse['refusing'] {
    const { bytes = Number.POSITIVE_INFINITY } = this.#quota
    // Whatever comes is above a quota that is reached.
    if (this.#usedBytes + Math.max(1, this.#refusedBytes) > bytes) return 'bytes'
    const refusedMs = this.#rateRefusedMs
    return refusedMs !== undefined && nowMs - refusedMs < RATE_REFUSAL_MS
      ? 'bytesPerSecond'
      : undefined
  }

  #full(bytes: number, max: number): HeadgateError {
    const stored = `${byteText(this.#usedBytes)} stored and ${byteText(bytes)} more`
    return new HeadgateError(
      'QuotaExceeded',
      `expected at most ${byteText(max)} in namespace ${this.#namespace}, got ${stored}`,
      {
        retryAfterMs: QUOTA_RETRY_MS,
        hint: `Shorten the retention of its streams, purge what is retained, or raise quotas.${this.#namespace}.bytes in headgate.yaml.`,
      },
    )
  }

  #tooFast(waitMs: number): HeadgateError {
    const { bytesPerSecond = 0 } = this.#quota
    return new HeadgateError(
      'RateExceeded',
      `expected at most ${byteText(bytesPerSecond)} a second into namespace ${this.#namespace}, got more`,
      {
        retryAfterMs: waitMs,
        hint: `Write again after the stated time, or raise quotas.${this.#namespace}.bytesPerSecond in headgate.yaml.`,
      },
    )
  }
}
