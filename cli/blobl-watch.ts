/** `headgate blobl --watch`: the same lines through a mapping's file, again whenever it changes. */
import { unwatchFile, watchFile } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { HeadgateError } from '../engine/error.ts'
import { LineMapper, type LineOptions } from './blobl-lines.ts'
import { compileGiven, givenMapping } from './blobl-mapping.ts'
import type { Invocation } from './command.ts'

/** How often the file is looked at. */
const LOOK_MS = 200

export async function watchBlobl(
  invocation: Invocation,
  path: string | undefined,
  options: LineOptions,
): Promise<number> {
  const { terminal, signal } = invocation
  if (path === undefined || invocation.arguments.length > 0) {
    throw new HeadgateError('Usage', '--watch expected --file, and no mapping beside it')
  }
  const lines = await buffer(terminal.stdin)
  let running = runOnce(invocation, path, options, lines)
  await running
  const changed = (): void => {
    terminal.say(terminal.paint('dim', `-- ${path} changed`))
    // One after the other, however fast somebody saves.
    running = running.then(() => runOnce(invocation, path, options, lines))
  }
  watchFile(path, { interval: LOOK_MS }, changed)
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  unwatchFile(path, changed)
  await running
  return 0
}

async function runOnce(
  { terminal }: Invocation,
  path: string,
  options: LineOptions,
  lines: Buffer,
): Promise<void> {
  try {
    const mapping = await compileGiven(givenMapping(undefined, path), terminal)
    if (mapping === undefined) return
    const mapper = new LineMapper(mapping, options, ({ line, error }) => {
      const what = error instanceof Error ? error.message : String(error)
      terminal.say(`${terminal.paint('red', 'error:')} line ${line} of stdin: ${what}`)
    })
    await terminal.print(mapper.take(lines))
    await terminal.print(mapper.end())
  } catch (error) {
    terminal.say(`${terminal.paint('red', 'error:')} ${(error as Error).message}`)
  }
}
