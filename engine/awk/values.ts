/** The values of awk, and what they are as numbers and as texts. */

/** A text of the input that reads like a number, which compares as one. */
export class NumericText {
  readonly text: string
  readonly number: number
  constructor(text: string, number: number) {
    this.text = text
    this.number = number
  }
}

/** Undefined is what nobody assigned: zero and an empty text. */
export type AwkValue = number | string | NumericText | undefined

const NUMBER_FIRST = /^[ \t\n\r\f\v]*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/
const BLANK_REST = /^[ \t\n\r\f\v]*$/

export function fromInput(text: string): string | NumericText {
  const match = NUMBER_FIRST.exec(text)
  if (match === null || !BLANK_REST.test(text.slice(match[0].length))) return text
  return new NumericText(text, Number(match[0].trim()))
}

export function numberOf(value: AwkValue): number {
  if (typeof value === 'number') return value
  if (value === undefined) return 0
  if (value instanceof NumericText) return value.number
  const match = NUMBER_FIRST.exec(value)
  return match === null ? 0 : Number(match[0].trim())
}

export function isTrue(value: AwkValue): boolean {
  if (typeof value === 'string') return value !== ''
  return numberOf(value) !== 0
}

/** What fits into 64 bits is written as it is; undefined is left to a format. */
export function wholeText(value: number): string | undefined {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (!Number.isInteger(value) || Math.abs(value) >= 2 ** 63) return undefined
  return Number.isSafeInteger(value) ? String(value) : String(BigInt(value))
}

/** Negative, zero or positive; as numbers where neither is a text of the program. */
export function compareValues(
  left: AwkValue,
  right: AwkValue,
  text: (value: AwkValue) => string,
): number {
  if (typeof left !== 'string' && typeof right !== 'string') return numberOf(left) - numberOf(right)
  const [first, second] = [text(left), text(right)]
  return first < second ? -1 : first > second ? 1 : 0
}
