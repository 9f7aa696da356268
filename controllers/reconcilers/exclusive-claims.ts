/**
 * Who holds what may be held once in the process: a port, a file, the standard input. A second holder is refused before
 * anything of it is built, and hears when what it wanted is free.
 */
import { resolve } from 'node:path'
import { parseAddress } from '../../engine/components/http/listener.ts'
import { HeadgateError } from '../../engine/error.ts'
import { KeyListeners } from './key-listeners.ts'

/** Says the same thing in the same way, whoever wrote it; undefined for what never clashes. */
export function exclusiveName(written: string, directory: string): string | undefined {
  if (written.startsWith('file:'))
    return `file:${resolve(directory, written.slice('file:'.length))}`
  if (!written.startsWith('port:')) return written
  const address = parseAddress(written.slice('port:'.length))
  // A port of 0 is another one each time.
  if (address === undefined || address.port === 0) return undefined
  const host = ANY_HOST.has(address.host) ? '*' : (LOOPBACK.get(address.host) ?? address.host)
  return `port:${host}:${address.port}`
}

const ANY_HOST: ReadonlySet<string> = new Set(['::', '0.0.0.0'])
const LOOPBACK: ReadonlyMap<string, string> = new Map([['localhost', '127.0.0.1']])

export class ExclusiveClaims {
  /** By identityKey of the holder. */
  readonly #held = new Map<string, readonly string[]>()
  /** What was refused, by who asked. */
  readonly #refused = new Map<string, readonly string[]>()
  readonly #listeners = new KeyListeners()

  /** All of them or none, besides what it holds already. ResourceBusy names who is in the way. */
  claim(key: string, names: readonly string[]): void {
    for (const name of names) {
      const holder = this.#holderOf(name, key)
      if (holder === undefined) continue
      this.#refused.set(key, names)
      throw new HeadgateError(
        'ResourceBusy',
        `${textOf(name)} is held by ${holder.replace('/', ' ')}.`,
        {
          hint: 'Let only one of them use it, or pause the other.',
        },
      )
    }
    this.#refused.delete(key)
    this.#held.set(key, [...new Set([...(this.#held.get(key) ?? []), ...names])])
  }

  /** Holds just these of its claims from now on. */
  keep(key: string, names: readonly string[]): void {
    const before = this.#held.get(key) ?? []
    const kept = before.filter((name) => names.includes(name))
    if (kept.length > 0) this.#held.set(key, kept)
    else this.#held.delete(key)
    if (kept.length < before.length) this.#tellFreed()
  }

  /** It is gone, and waits for nothing any more. */
  forget(key: string): void {
    this.#refused.delete(key)
    this.keep(key, [])
  }

  isHeld(name: string): boolean {
    return this.#holderOf(name, '') !== undefined
  }

  isHeldBesides(key: string, name: string): boolean {
    return this.#holderOf(name, key) !== undefined
  }

  /** Called with the key of one that was refused, once what it wanted is free. */
  watch(listener: (key: string) => void): Disposable {
    return this.#listeners.add(listener)
  }

  #tellFreed(): void {
    for (const [key, names] of [...this.#refused]) {
      if (names.some((name) => this.#holderOf(name, key) !== undefined)) continue
      this.#refused.delete(key)
      this.#listeners.tell(key)
    }
  }

  #holderOf(name: string, besides: string): string | undefined {
    for (const [key, names] of this.#held)
      if (key !== besides && names.some((held) => clash(held, name))) return key
    return undefined
  }
}

function clash(a: string, b: string): boolean {
  if (a === b) return true
  const [first, second] = [PORT.exec(a), PORT.exec(b)]
  if (first === null || second === null || first[2] !== second[2]) return false
  return first[1] === '*' || second[1] === '*'
}

const PORT = /^port:(.*):(\d+)$/

/** `The file /tmp/out.jsonl` */
function textOf(name: string): string {
  const colon = name.indexOf(':')
  if (colon < 0) return `The ${name}`
  return `The ${name.slice(0, colon)} ${name.slice(colon + 1).replace(/^\*:/, '')}`
}
