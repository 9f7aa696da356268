/** The CPU time of a whole program over a file, start and all. */
import { spawnSync } from 'node:child_process'

export interface Program {
  readonly command: string
  readonly given: readonly string[]
}

const TIMES = /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/

/** The user and system time of the program, as the shell tells it; undefined when it is missing or failed. */
export function cpuSecondsOf({ command, given }: Program, input: string): number | undefined {
  // Bash tells its own times in the first line, and those of what it ran in the second.
  const script = 'input=$1; shift; "$@" < "$input" > /dev/null || exit 1; times'
  const { status, stdout } = spawnSync('bash', ['-c', script, 'bash', input, command, ...given], {
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
  })
  const match = TIMES.exec(stdout)
  if (status !== 0 || match === null) return undefined
  const [, userMinutes = 0, user = 0, systemMinutes = 0, system = 0] = match.map(Number)
  return 60 * (userMinutes + systemMinutes) + user + system
}
