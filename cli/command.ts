/**
 * What a command is: one definition from which its parser, its help, the reference page and completion derive.
 *
 * A definition is cheap to load; what a command needs to run it imports when it runs.
 */
import { HeadgateError } from '../engine/error.ts'
import type { StartServer } from './server-options.ts'
import type { Terminal } from './terminal.ts'

export interface CommandDefinition {
  /** One word, or two where a family of commands shares the first: `groups list`. */
  readonly name: string
  /** Asked by scripts alone: no help and no page lists it. */
  readonly hidden?: boolean
  /** One sentence. */
  readonly summary: string
  readonly arguments: readonly ArgumentDefinition[]
  readonly options: readonly OptionDefinition[]
  readonly examples: readonly string[]
  /** It ends in order, with 0, once `signal` aborts; other commands are simply ended. */
  readonly stopsInOrder?: boolean
  /** Answers the exit status; a rejection is printed as an error and gives the status of its code. */
  run(invocation: Invocation): Promise<number>
}

export interface ArgumentDefinition {
  /** In capitals, as the help shows it. */
  readonly name: string
  readonly required: boolean
  readonly repeated?: boolean
  /** Any other value is a usage error that names these. */
  readonly choices?: readonly string[]
  readonly summary: string
}

export interface OptionDefinition {
  /** As commander reads it: `-o, --output FORMAT` with the value in angle brackets. */
  readonly flags: string
  readonly summary: string
  readonly byDefault?: string
  /** Any other value is a usage error that names these. */
  readonly choices?: readonly string[]
  /** May be given several times. */
  readonly repeated?: boolean
}

export interface Invocation {
  readonly arguments: readonly string[]
  /** By the long name in camel case. */
  readonly options: Readonly<Record<string, unknown>>
  readonly terminal: Terminal
  readonly startServer: StartServer
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
}

export function textOption({ options }: Invocation, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** Every value of an option that may be given several times. */
export function textOptions({ options }: Invocation, name: string): readonly string[] {
  const value = options[name]
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

export function flagOption({ options }: Invocation, name: string): boolean {
  return options[name] === true
}

/** A whole number of at least `min`, or a usage error that names the option. */
export function numberOption(
  invocation: Invocation,
  name: string,
  min: number,
): number | undefined {
  const text = textOption(invocation, name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^[0-9]{1,15}$/.test(text) && value >= min) return value
  throw new HeadgateError('Usage', `--${name}: expected a whole number from ${min}, got "${text}"`)
}

/** What the first words of two-word commands are about. */
export const COMMAND_FAMILIES: Readonly<Record<string, string>> = {
  groups: 'Look at consumer groups, and move them.',
  pipelines: 'Move where pipelines and sinks read on.',
  streams: 'Look at streams as the engine holds them.',
}

/** Options that several commands share, so that they are the same everywhere. */
export const SERVER_OPTIONS: readonly OptionDefinition[] = [
  {
    flags: '--server <URL>',
    summary: 'The server to ask; else HEADGATE_SERVER, else the one that runs on --data-dir.',
  },
  {
    flags: '--data-dir <DIR>',
    summary: 'Where the server keeps its data and says where it listens.',
    byDefault: './.headgate',
  },
]

export const NAMESPACE_OPTION: OptionDefinition = {
  flags: '-n, --namespace <NAME>',
  summary: 'The namespace.',
  byDefault: 'default',
}

export const ALL_NAMESPACES_OPTION: OptionDefinition = {
  flags: '-A, --all-namespaces',
  summary: 'Of every namespace.',
}

export const YES_OPTION: OptionDefinition = {
  flags: '--yes',
  summary: 'Do not ask; needed where something goes and nobody can be asked.',
}

export const SOURCE_OPTION: OptionDefinition = {
  flags: '--source <NAME>',
  summary: 'The name of the source.',
  byDefault: 'local',
}

export function outputOption(choices: readonly string[], byDefault: string): OptionDefinition {
  return {
    flags: '-o, --output <FORMAT>',
    summary: 'How to print.',
    choices,
    byDefault,
  }
}
