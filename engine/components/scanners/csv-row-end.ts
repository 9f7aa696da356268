/** Where a row of CSV ends, by the rules by which `readCsv` reads it. */

/** One past the row, its line break included; -1 when it is not all there. */
export function csvRowEnd(
  text: string,
  from: number,
  { delimiter, lazyQuotes, ended }: { delimiter: string; lazyQuotes: boolean; ended: boolean },
): number {
  let at = from
  for (;;) {
    if (text[at] === '"') at = quotedEnd(text, at, delimiter, lazyQuotes, ended)
    if (at < 0) return -1
    const lineBreak = text.indexOf('\n', at)
    const next = text.indexOf(delimiter, at)
    if (next < 0 || (lineBreak >= 0 && lineBreak < next)) {
      if (lineBreak >= 0) return lineBreak + 1
      return ended ? text.length : -1
    }
    at = next + delimiter.length
  }
}

/** One past the quote that closes the field; -1 when it is not there, or what follows decides and is not there. */
function quotedEnd(
  text: string,
  from: number,
  delimiter: string,
  lazy: boolean,
  ended: boolean,
): number {
  let at = from + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return ended ? text.length : -1
    at = quote + 1
    const left = text.length - at
    if (!ended && left < Math.max(delimiter.length, 2)) return -1
    if (text[at] === '"') {
      at += 1
      continue
    }
    const closes =
      left === 0 ||
      text.startsWith(delimiter, at) ||
      text[at] === '\n' ||
      text.startsWith('\r\n', at)
    if (closes || !lazy) return at
  }
}
