/**
 * The order of keys in YAML: by character, but numbers within texts by their value, and letters after whatever is no
 * letter, except right after a digit, where they come first.
 */
export function compareNaturally(left: string, right: string): number {
  const first = Array.from(left)
  const second = Array.from(right)
  let afterDigit = false
  for (let index = 0; index < Math.min(first.length, second.length); index++) {
    const a = first[index] as string
    const b = second[index] as string
    if (a === b) {
      afterDigit = isDigit(a)
      continue
    }
    const letters = [isLetter(a), isLetter(b)]
    if (letters[0] && letters[1]) return byCode(a, b)
    if (letters[0] || letters[1]) return letters[0] === afterDigit ? -1 : 1
    return compareNumbersAt(first, second, index) || byCode(a, b)
  }
  return first.length - second.length
}

/** The numbers that begin there, after as many equal digits as stand before. */
function compareNumbersAt(
  first: readonly string[],
  second: readonly string[],
  index: number,
): number {
  let from = index
  while (from > 0 && isDigit(first[from - 1] as string)) from--
  const before = first.slice(from, index).join('')
  const hasValueBefore = (first[index] === '0' || second[index] === '0') && /[^0]/.test(before)
  const numbers = [first, second].map((characters) => digitsAt(characters, index))
  const values = numbers.map((digits) => Number(`${hasValueBefore ? '1' : ''}${digits}` || '0'))
  const byValue = (values[0] as number) - (values[1] as number)
  return byValue || (numbers[0] as string).length - (numbers[1] as string).length
}

function digitsAt(characters: readonly string[], index: number): string {
  let digits = ''
  for (let at = index; isDigit(characters[at] ?? ''); at++) digits += characters[at]
  return digits
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1
}

function isLetter(character: string): boolean {
  return /^\p{L}$/u.test(character)
}

function byCode(a: string, b: string): number {
  return (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0)
}
