/** Plain scalars that YAML 1.1 and 1.2 read differently: kubectl would take another value than we do. */

const AMBIGUOUS: readonly { readonly form: RegExp; readonly reads: string }[] = [
  { form: /^(y|n|yes|no|on|off)$/i, reads: 'a truth value' },
  { form: /^[-+]?0[0-7]+$/, reads: 'an octal number' },
  { form: /^[-+]?(0[xb])?[0-9a-f]*_[0-9a-f_]*(\.[0-9_]*)?$/i, reads: 'a number' },
  { form: /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/, reads: 'a number in base 60' },
  { form: /^[-+]?\.inf$|^\.nan$/i, reads: 'no finite number' },
]

/** What else the text might mean, or undefined where every reader agrees. */
export function ambiguityOf(text: string): string | undefined {
  // A name such as `a_b` is text to everybody: only what begins like a number can be one.
  const numeric = /^[-+]?[0-9]/.test(text)
  return AMBIGUOUS.find(({ form, reads }) => form.test(text) && (numeric || reads !== 'a number'))
    ?.reads
}

/** A whole number that a JavaScript number, and JSON as most read it, would round. */
export function isRoundedInteger(text: string, value: unknown): boolean {
  return (
    typeof value === 'number' &&
    /^[-+]?(\d+|0x[0-9a-f]+|0o[0-7]+)$/i.test(text) &&
    !Number.isSafeInteger(value)
  )
}
