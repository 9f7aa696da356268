/**
 * The commands of a Markdown page and what they print, as its ```console blocks show them.
 *
 * A line that begins with `$ ` is a command; the lines up to the next one are what it prints (stdout and stderr as a
 * person sees them). `…` stands for any text within a line, and a line of just `…` for any number of lines. A command
 * that starts a server (`npm start`, `npx headgate up …`) goes on in the background to the end of the page; what it
 * prints is awaited. A ```headgate block shows what the server prints next, after the commands before it.
 */

export interface Step {
  /** Line of the page, for failures. */
  readonly line: number
  readonly command: string
  readonly expected: readonly string[]
}

/** The command of a step that only waits for what the server prints. */
export const SERVER_PRINTS = ''

export function stepsOf(markdown: string): readonly Step[] {
  const steps: { line: number; command: string; expected: string[] }[] = []
  let inside = false
  markdown.split('\n').forEach((text, index) => {
    if (/^\s*```/.test(text)) {
      const opens = !inside
      inside = opens && /^\s*```(console|headgate)/.test(text)
      if (inside && text.includes('headgate')) {
        steps.push({ line: index + 1, command: SERVER_PRINTS, expected: [] })
      }
      return
    }
    if (!inside) return
    const last = steps.at(-1)
    if (text.startsWith('$ ')) steps.push({ line: index + 1, command: text.slice(2), expected: [] })
    else if (last?.command.endsWith('\\') || (last !== undefined && openHeredoc(last.command)))
      last.command += `\n${text}`
    else last?.expected.push(text)
  })
  return steps.map((step) => ({ ...step, expected: trimEnd(step.expected) }))
}

/** A here-document goes on until its word stands alone on a line. */
function openHeredoc(command: string): boolean {
  const word = /<<\s*'?(\w+)'?/.exec(command)?.[1]
  return word !== undefined && !command.split('\n').slice(1).includes(word)
}

/** Whether what was printed is what the page shows; on a difference, the first line that is not found. */
export function firstMissing(expected: readonly string[], printed: string): string | undefined {
  const lines = trimEnd(printed.split('\n').map((line) => line.trimEnd()))
  let at = 0
  let anywhere = false
  for (const text of expected) {
    if (text.trim() === '…') {
      anywhere = true
      continue
    }
    const pattern = new RegExp(`^${text.trimEnd().split('…').map(literally).join('.*')}$`)
    const found = lines.findIndex((line, index) => index >= at && pattern.test(line))
    if (found < 0 || (!anywhere && found !== at)) return text
    at = found + 1
    anywhere = false
  }
  return anywhere || at === lines.length || expected.length === 0
    ? undefined
    : `nothing more, but got: ${lines[at]}`
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function trimEnd(lines: readonly string[]): string[] {
  const end = lines.findLastIndex((line) => line.trim() !== '')
  return lines.slice(0, end + 1)
}
