/**
 * Where a process begins: it hands real ports to everything and runs one command. The only place that wires.
 *
 * What a command needs is imported when it runs, so that `headgate version` does not pay for the server.
 */
import { build } from './build.ts'
import { COMMANDS } from './commands.ts'
import { reportError, runProgram } from './program.ts'
import type { StartServer } from './server-options.ts'
import { processTerminal } from './terminal.ts'

const EXIT_INTERRUPTED = 130
const EXIT_TERMINATED = 143

const startServer: StartServer = async (options) => {
  const { wireServer } = await import('./server.ts')
  return wireServer(options)
}

/** Runs the command line of this process and sets its exit status. */
export async function start(): Promise<void> {
  // The YAML parser asks for a variable at every word, and only a copy answers without asking the system.
  process.env = { ...process.env }
  const terminal = processTerminal()
  const stop = new AbortController()
  let stopsInOrder = false
  const onSignal = (name: 'SIGINT' | 'SIGTERM', status: number): void => {
    process.on(name, () => {
      const isSecondInterrupt = stop.signal.aborted && name === 'SIGINT'
      if (!stopsInOrder || isSecondInterrupt) process.exit(status)
      stop.abort()
    })
  }
  onSignal('SIGINT', EXIT_INTERRUPTED)
  onSignal('SIGTERM', EXIT_TERMINATED)
  try {
    const status = await runProgram(COMMANDS, process.argv.slice(2), {
      terminal,
      startServer,
      signal: stop.signal,
      version: build().version,
      onRun: (definition) => {
        stopsInOrder = definition.stopsInOrder === true
      },
    })
    process.exitCode = status
  } catch (error) {
    process.exitCode = reportError(terminal, error)
  }
}

if (import.meta.main) await start()
