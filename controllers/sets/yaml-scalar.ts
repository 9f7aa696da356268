/** Plain scalars that YAML 1.1 and 1.2 read differently: kubectl would take another value than we do. */

export interface Ambiguity {
  readonly form: RegExp
  /** What else the text might mean. */
  readonly reads: string
  readonly hint: string
}

const AMBIGUOUS: readonly Ambiguity[] = [
  {
    form: /^(y|n|yes|no|on|off)$/i,
    reads: 'a truth value',
    hint: 'write true or false, or put it in quotes',
  },
  {
    form: /^[-+]?0[0-7]+$/,
    reads: 'an octal number',
    hint: 'write it without the leading zero, or put it in quotes',
  },
  {
    form: /^[-+]?(0[xb])?[0-9a-f]*_[0-9a-f_]*(\.[0-9_]*)?$/i,
    reads: 'a number',
    hint: 'write it without _, or put it in quotes',
  },
  {
    form: /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/,
    reads: 'a number in base 60',
    hint: 'put it in quotes',
  },
  {
    form: /^[-+]?\.inf$|^\.nan$/i,
    reads: 'a number that is not finite',
    hint: 'write a number, or put it in quotes',
  },
]

/** Every form begins so, or is as short as a word. Most texts are neither. */
const SUSPECT = /^([-+.0-9]|(y|n|yes|no|on|off)$)/i

/** How the text may be misread, or undefined where every reader agrees. */
export function ambiguityOf(text: string): Ambiguity | undefined {
  if (!SUSPECT.test(text)) return undefined
  // A name such as `a_b` is text to everybody: only what begins like a number can be one.
  const numeric = /^[-+]?[0-9]/.test(text)
  return AMBIGUOUS.find(({ form, reads }) => form.test(text) && (numeric || reads !== 'a number'))
}

/** A whole number that a JavaScript number, and JSON as most read it, would round. */
export function isRoundedInteger(text: string, value: unknown): boolean {
  return (
    typeof value === 'number' &&
    /^[-+]?(\d+|0x[0-9a-f]+|0o[0-7]+)$/i.test(text) &&
    !Number.isSafeInteger(value)
  )
}
