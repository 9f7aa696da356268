/**
 * What a command writes to and reads from: data on stdout, talk on stderr, colours only for people.
 *
 * A reader that goes away (`| head`) ends the command quietly: that is no failure.
 */
import { styleText } from 'node:util'

export type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim'

export interface Terminal {
  readonly stdin: NodeJS.ReadableStream
  /** Data, exactly as given. Resolves once the pipe took it. */
  print(data: string | Uint8Array): Promise<void>
  /** One line or more for a person, on stderr. */
  say(text: string): void
  /** A line that the next one replaces, where stderr is a terminal; nothing takes it away. */
  show(text: string | undefined): void
  /** Coloured where stderr is a terminal. */
  paint(style: Style, text: string): string
  /** Coloured where stdout is a terminal. */
  paintData(style: Style, text: string): string
  readonly isInteractive: boolean
  /** How wide stdout is, where it is a terminal. */
  readonly columns: number | undefined
  /** One line of an answer; undefined where nobody is there to be asked. */
  ask(question: string): Promise<string | undefined>
}

const REPLACE_LINE = '\r\u001b[2K'

export function processTerminal(): Terminal {
  const quietEnd = (error: NodeJS.ErrnoException): void => {
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  }
  process.stdout.on('error', quietEnd)
  process.stderr.on('error', quietEnd)
  return {
    stdin: process.stdin,
    print: (data) =>
      new Promise((resolve) => {
        process.stdout.write(data, () => resolve())
      }),
    say: (text) => {
      process.stderr.write(`${text}\n`)
    },
    show: (text) => {
      if (process.stderr.isTTY === true) process.stderr.write(`${REPLACE_LINE}${text ?? ''}`)
    },
    paint: (style, text) => painted(process.stderr, style, text),
    paintData: (style, text) => painted(process.stdout, style, text),
    isInteractive: process.stderr.isTTY === true,
    columns: process.stdout.isTTY === true ? process.stdout.columns : undefined,
    ask,
  }
}

async function ask(question: string): Promise<string | undefined> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(question)
  } catch {
    // Ctrl-D and Ctrl-C are answers, too.
    return ''
  } finally {
    lines.close()
  }
}

function painted(stream: NodeJS.WriteStream, style: Style, text: string): string {
  const isPlain = stream.isTTY !== true || (process.env['NO_COLOR'] ?? '') !== ''
  return isPlain ? text : styleText(style, text, { validateStream: false })
}
