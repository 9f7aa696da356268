/** Each call to the simulated disk: counted, shown to the test, and made to fail as the test asked. */
import type { Random } from './random.ts'

export type DiskOperation =
  | 'create'
  | 'open'
  | 'rename'
  | 'remove'
  | 'make'
  | 'list'
  | 'syncDirectory'
  | 'lock'
  | 'space'
  | 'read'
  | 'write'
  | 'sync'
  | 'size'

/**
 * `short` cuts a write; `misdirected` sends one, or a read, to another place; `flipped` turns one bit of what is
 * written or read. Calls that a fault does not suit are spared.
 */
export type DiskFault = 'EIO' | 'ENOSPC' | 'EMFILE' | 'short' | 'misdirected' | 'flipped'

export interface DiskCall {
  readonly call: number
  readonly op: DiskOperation
  /** Of a file: the one that it was opened by. */
  readonly path: string
}

/** `skip`: a write, a sync, a rename or a removal answers well and does nothing. */
export type Intercept = (op: DiskOperation, path: string, call: number) => Intercepted | undefined
type Intercepted = 'skip' | DiskFault

/** What is to happen; `cut` is done, and then the power is gone. */
type Outcome = 'skip' | 'short' | 'misdirected' | 'flipped' | 'cut' | undefined

export interface DiskCallOptions {
  /** How likely each call is to fail by itself. */
  readonly faultRate?: number
  readonly faultKinds?: readonly DiskFault[]
  /** Every call is added to it. */
  readonly trace?: DiskCall[] | undefined
  /** Asked before each call is done. */
  readonly intercept?: Intercept | undefined
}

const FAULT_KINDS: readonly DiskFault[] = ['EIO', 'ENOSPC', 'EMFILE', 'short']

const SUITS: Readonly<Record<DiskFault, readonly DiskOperation[] | 'all'>> = {
  EIO: 'all',
  ENOSPC: ['create', 'make', 'write', 'sync', 'syncDirectory'],
  EMFILE: ['create', 'open', 'list', 'syncDirectory', 'lock'],
  short: ['write'],
  misdirected: ['read', 'write'],
  flipped: ['read', 'write'],
}

/** May be under way when the power goes, and be found done. */
const LANDS: ReadonlySet<DiskOperation> = new Set(['write', 'rename', 'remove', 'make'])

export class DiskCalls {
  readonly #random: Random
  readonly #trace: DiskCall[] | undefined
  readonly #intercept: Intercept | undefined
  readonly #kinds: readonly DiskFault[]
  readonly #faults = new Map<number, DiskFault>()
  #powerOffAt = Number.POSITIVE_INFINITY

  count = 0
  faultRate: number

  constructor(random: Random, options: DiskCallOptions) {
    this.#random = random
    this.#trace = options.trace
    this.#intercept = options.intercept
    this.#kinds = options.faultKinds ?? FAULT_KINDS
    this.faultRate = options.faultRate ?? 0
  }

  failAt(call: number, fault: DiskFault): void {
    this.#faults.set(call, fault)
  }

  cutPowerAt(call: number): void {
    this.#powerOffAt = call
  }

  reset(): void {
    this.#faults.clear()
    this.#powerOffAt = Number.POSITIVE_INFINITY
  }

  begin(op: DiskOperation, path: string): Outcome {
    const call = this.count++
    if (call > this.#powerOffAt || (call === this.#powerOffAt && !LANDS.has(op))) throw powerIsOff()
    this.#trace?.push({ call, op, path })
    const intercepted = this.#intercept?.(op, path, call)
    if (call === this.#powerOffAt) return 'cut'
    const fault = intercepted ?? this.#faults.get(call) ?? this.#chanceFault(op)
    if (fault === 'EIO' || fault === 'ENOSPC' || fault === 'EMFILE') {
      throw diskFailure(fault, `call ${call}, ${op} ${path}`)
    }
    return fault
  }

  #chanceFault(op: DiskOperation): DiskFault | undefined {
    if (this.faultRate === 0 || this.#random.next() >= this.faultRate) return undefined
    const kinds = this.#kinds.filter((kind) => SUITS[kind] === 'all' || SUITS[kind].includes(op))
    return kinds[Math.floor(this.#random.next() * kinds.length)]
  }
}

export function powerIsOff(): Error {
  return diskFailure('EIO', 'the power is off')
}

export function diskFailure(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}
