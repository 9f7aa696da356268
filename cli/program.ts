/** Turns the command definitions into a program: parsing, help, suggestions and exit statuses. */
import { Argument, Command, CommanderError, Option } from 'commander'
import { asHeadgateError } from '../engine/error.ts'
import { COMMAND_FAMILIES, type CommandDefinition, type Invocation } from './command.ts'
import type { Terminal } from './terminal.ts'

export interface ProgramContext extends Pick<Invocation, 'terminal' | 'startServer' | 'signal'> {
  readonly version: string
  /** Called with the command that is about to run. */
  readonly onRun: (definition: CommandDefinition) => void
}

const EXIT_USAGE = 2

/** Runs one command line and answers the exit status. */
export async function runProgram(
  definitions: readonly CommandDefinition[],
  argv: readonly string[],
  context: ProgramContext,
): Promise<number> {
  let status = 0
  const program = new Command('headgate')
    .description('A folder of YAML becomes running streams, pipelines and sinks.')
    .version(context.version, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print help.')
    .helpCommand('help [COMMAND]', 'Print help for a command.')
    .showHelpAfterError('Run headgate --help for what there is.')
    .exitOverride()
    // So that each option is of the command that it stands behind: import has a command beneath it.
    .enablePositionalOptions()
    .configureOutput({ writeErr: (text) => context.terminal.say(text.trimEnd()) })
  for (const definition of definitions) {
    const command = toCommand(definition).exitOverride().copyInheritedSettings(program)
    command.showHelpAfterError(`Run headgate ${definition.name} --help for what it takes.`)
    command.action(async (...given: unknown[]) => {
      const options = command.opts()
      const values = given.slice(0, definition.arguments.length).flat()
      const texts = values.filter((value): value is string => typeof value === 'string')
      context.onRun(definition)
      status = await definition.run({ ...context, arguments: texts, options })
    })
    familyOf(program, definition).addCommand(command, { hidden: definition.hidden === true })
  }
  if (argv.length === 0) {
    context.terminal.say(program.helpInformation().trimEnd())
    return EXIT_USAGE
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return status
  } catch (error) {
    if (error instanceof CommanderError) {
      if (MISTAKEN.has(error.code)) await sayHabit(context.terminal, argv)
      return error.exitCode === 0 ? 0 : EXIT_USAGE
    }
    return reportError(context.terminal, error)
  }
}

const MISTAKEN: ReadonlySet<string> = new Set([
  'commander.unknownCommand',
  'commander.unknownOption',
])

/** A word of another tool is no slip of the keyboard: a suggestion by letters would not find what is meant. */
async function sayHabit(terminal: Terminal, argv: readonly string[]): Promise<void> {
  const { habitOf } = await import('./habits.ts')
  const meant = habitOf(argv)
  if (meant !== undefined) terminal.say(`Here it is: ${meant}`)
}

/** One sentence and what to do next; a defect of ours shows where it happened. */
export function reportError(terminal: Terminal, thrown: unknown): number {
  const error = asHeadgateError(thrown)
  terminal.say(`${terminal.paint('red', 'error:')} ${error.message}`)
  if (error.hint !== undefined) for (const line of error.hint.split('\n')) terminal.say(`  ${line}`)
  if (error.code === 'Internal' && error.cause instanceof Error) {
    terminal.say(terminal.paint('dim', error.cause.stack ?? ''))
  }
  return error.class.exit
}

/** The command under which one of two words stands; it comes to be with the first of its family. */
function familyOf(program: Command, { name }: CommandDefinition): Command {
  const [family = '', word] = name.split(' ')
  if (word === undefined) return program
  const known = program.commands.find((command) => command.name() === family)
  // A command that is a family as well leaves to the second word what stands behind it.
  if (known !== undefined) return known.enablePositionalOptions()
  const command = new Command(family)
    .description(COMMAND_FAMILIES[family] ?? '')
    .helpOption('-h, --help', 'Print help.')
    .helpCommand(false)
    .exitOverride()
    .copyInheritedSettings(program)
    .showHelpAfterError(`Run headgate ${family} --help for what there is.`)
  program.addCommand(command)
  return command
}

function toCommand(definition: CommandDefinition): Command {
  const command = new Command(definition.name.split(' ').at(-1))
    .description(definition.summary)
    .helpOption('-h, --help', 'Print help.')
    .allowExcessArguments(false)
  for (const { name, required, repeated, choices, summary } of definition.arguments) {
    const inner = repeated === true ? `${name}...` : name
    const argument = new Argument(required ? `<${inner}>` : `[${inner}]`, summary)
    command.addArgument(choices === undefined ? argument : argument.choices(choices))
  }
  for (const { flags, summary, byDefault, choices, repeated } of definition.options) {
    const option = new Option(flags, summary)
    if (choices !== undefined) option.choices(choices)
    if (byDefault !== undefined) option.default(byDefault)
    if (repeated === true)
      option.argParser((value: string, before?: string[]) => [...(before ?? []), value])
    command.addOption(option)
  }
  const examples = definition.examples.map((example) => `  $ ${example}`)
  return command.addHelpText('after', `\nExamples:\n${examples.join('\n')}`)
}
