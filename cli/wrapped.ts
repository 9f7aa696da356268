/** Breaks lines at spaces, so that a narrow terminal does not break them within words. */

/** Never narrower: names and places would be torn. */
export const COLUMNS_MIN = 40

/** Each line begins with `indent`; a word that is longer than a line gets one of its own. */
export function wrapped(
  text: string,
  indent: string,
  columns: number | undefined,
): readonly string[] {
  if (columns === undefined) return [`${indent}${text}`]
  const width = Math.max(columns, COLUMNS_MIN) - indent.length
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].map((one) => `${indent}${one}`)
}
