/** What must hold in a data directory: a name, a sentence for people, and a function that finds where it does not. */
import type { Finding } from './verification.ts'

export interface Invariant<Subject> {
  readonly name: string
  readonly sentence: string
  /** Nothing where it holds. */
  readonly faults: (subject: Subject) => Iterable<Fault>
}

/** A place, and what is wrong there. */
export interface Fault {
  readonly path: string
  /** The byte of the file, where that says anything. */
  readonly position?: number
  readonly message: string
}

export function expected(what: string, got: string, path: string, position?: number): Fault {
  const message = `expected ${what}, got ${got}`
  return position === undefined ? { path, message } : { path, position, message }
}

/** In the order of the invariants: what others rest on comes first. */
export function findingsOf<Subject>(
  invariants: readonly Invariant<Subject>[],
  subject: Subject,
): readonly Finding[] {
  return invariants.flatMap(({ name, sentence, faults }) =>
    [...faults(subject)].map((fault) => ({ invariant: name, sentence, ...fault })),
  )
}
