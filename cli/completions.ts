/**
 * What may stand next on a command line, from the definitions of the commands. Where a name of something live is
 * wanted, it asks for it; where a file is wanted, it answers nothing, and the shell completes files.
 */
import { kinds } from '../crds/kinds.ts'
import type { ArgumentDefinition, CommandDefinition, OptionDefinition } from './command.ts'

/** The names of a collection of the server, in the namespace and at the server that the words name. */
export type LiveNames = (
  collection: string,
  options: Readonly<Record<string, string>>,
) => Promise<readonly string[]>

/** What is written so far: all words behind `headgate`, the one under the cursor last. */
export async function completions(
  words: readonly string[],
  commands: readonly CommandDefinition[],
  live: LiveNames,
): Promise<readonly string[]> {
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const candidates = await candidatesFor(before, current, commands, live)
  return [...new Set(candidates)]
    .filter((one) => one.toLowerCase().startsWith(current.toLowerCase()))
    .sort()
}

async function candidatesFor(
  before: readonly string[],
  current: string,
  commands: readonly CommandDefinition[],
  live: LiveNames,
): Promise<readonly string[]> {
  const visible = commands.filter(({ hidden }) => hidden !== true)
  const command = visible.find(({ name }) =>
    name.split(' ').every((word, index) => before[index] === word),
  )
  if (command === undefined) {
    if (before.length === 0 && current.startsWith('-')) return ['--help', '--version']
    const [family] = before
    if (family === 'help') return firstWords(visible)
    if (before.length > 1) return []
    return before.length === 0
      ? [...firstWords(visible), 'help']
      : visible
          .map(({ name }) => name.split(' '))
          .flatMap(([first, second]) => (first === family && second !== undefined ? [second] : []))
  }
  const read = readWords(before.slice(command.name.split(' ').length), command.options)
  if (read.pending !== undefined) return optionValues(read.pending, read, live)
  if (current.startsWith('-') && !read.onlyArguments) {
    return [...command.options.map(({ flags }) => longOf(flags)), '--help']
  }
  const argument = command.arguments[read.arguments.length] ?? repeatedOf(command.arguments)
  return argument === undefined ? [] : argumentValues(command, argument, { ...read, current }, live)
}

interface ReadWords {
  readonly arguments: readonly string[]
  /** By their long names. */
  readonly options: Readonly<Record<string, string>>
  /** An option whose value comes next. */
  readonly pending: OptionDefinition | undefined
  /** After `--`. */
  readonly onlyArguments: boolean
}

function readWords(words: readonly string[], definitions: readonly OptionDefinition[]): ReadWords {
  const values: string[] = []
  const options: Record<string, string> = {}
  let pending: OptionDefinition | undefined
  let onlyArguments = false
  for (const word of words) {
    if (pending !== undefined) {
      options[longOf(pending.flags)] = word
      pending = undefined
    } else if (word === '--') {
      onlyArguments = true
    } else if (word.startsWith('-') && !onlyArguments) {
      const [name = '', value] = word.split('=')
      const option = definitions.find(({ flags }) => flags.split(/[ ,]+/).includes(name))
      if (option === undefined || !option.flags.includes('<')) continue
      if (value === undefined) pending = option
      else options[longOf(option.flags)] = value
    } else {
      values.push(word)
    }
  }
  return { arguments: values, options, pending, onlyArguments }
}

/** `--to NAME` of transfer is a source; `--to FOLDER` and `--to WHERE` of others are not. */
const SOURCE_FLAGS: readonly string[] = ['--source', '--to']

async function optionValues(
  { flags, choices }: OptionDefinition,
  { options, arguments: [first] }: ReadWords,
  live: LiveNames,
): Promise<readonly string[]> {
  if (choices !== undefined) return choices
  if (longOf(flags) === '--namespace') return live('namespaces', options)
  if (flags === '--stream <NAME>') return live('streams', options)
  if (flags.endsWith('<WHERE>')) return ['earliest', 'latest']
  if (flags.endsWith('<COMPONENT>') && first !== undefined) {
    const { pathWithin, pipelineTarget } = await import('./pipeline-target.ts')
    return live(`${pathWithin(pipelineTarget(first))}/tap/places`, options)
  }
  return /<(NAME|SOURCE)>$/.test(flags) && SOURCE_FLAGS.includes(longOf(flags))
    ? live('sources', options)
    : []
}

async function argumentValues(
  command: CommandDefinition,
  argument: ArgumentDefinition,
  read: ReadWords & { readonly current: string },
  live: LiveNames,
): Promise<readonly string[]> {
  const { arguments: given, options, current } = read
  switch (`${command.name} ${argument.name}`) {
    case 'schema KIND':
      return [...Object.values(kinds).map(({ kind }) => kind), 'headgate.yaml']
    case 'explain TOPIC':
      return topics()
    case 'completion SHELL':
      return argument.choices ?? []
    case 'purge NAME':
      return live('retainedstreams', options)
  }
  switch (argument.name) {
    case 'KIND':
    case 'TARGET':
      return current.includes('/')
        ? namesBehind(current, options, live)
        : firstWord(command, argument, options, live)
    case 'SOURCE':
      return live('sources', options)
    case 'REVISION':
      return ['previous', ...(await live('revisions', { '--source': 'local', ...options }))]
    case 'STREAM':
      return live('streams', options)
    case 'PIPELINE':
      return current.includes('/')
        ? namesBehind(current, options, live)
        : live('pipelines', options)
    case 'NAME': {
      if (command.name.startsWith('groups ')) return live('consumergroups', options)
      if (current.includes('/')) return namesBehind(current, options, live)
      if (command.name.startsWith('pipelines ')) return live('pipelines', options)
      const { gettable } = await import('./kind-names.ts')
      return live(gettable(given[0] ?? '').plural, options)
    }
    default:
      return []
  }
}

/** Sources are named without a kind, where a command takes either. */
async function firstWord(
  { name }: CommandDefinition,
  argument: ArgumentDefinition,
  options: Readonly<Record<string, string>>,
  live: LiveNames,
): Promise<readonly string[]> {
  const plurals = Object.values(kinds).map(({ plural }) => plural)
  if (argument.name === 'TARGET') return [...plurals, ...(await live('sources', options))]
  return name === 'get' ? [...plurals, 'all', 'retained', 'sources'] : plurals
}

/** `stream/or` → `stream/orders` */
async function namesBehind(
  current: string,
  options: Readonly<Record<string, string>>,
  live: LiveNames,
): Promise<readonly string[]> {
  const [kind = ''] = current.split('/')
  const { gettable } = await import('./kind-names.ts')
  const names = await live(gettable(kind).plural, options)
  return names.map((name) => `${kind}/${name}`)
}

/** Two levels are enough to find the way; a third would be thousands of words. */
async function topics(): Promise<readonly string[]> {
  const [{ resolveSchemas }, { childrenOf, findTopic, rootNames }, { ERROR_CODES }] =
    await Promise.all([
      import('./resolved-schemas.ts'),
      import('./explain-topic.ts'),
      import('../engine/error-codes.ts'),
    ])
  const resolved = await resolveSchemas()
  const beneath = (path: string): readonly string[] =>
    childrenOf(findTopic(path, resolved).schema, resolved).map(({ name }) => `${path}.${name}`)
  const specs = Object.keys(kinds).map((kind) => `${kind}.spec`)
  const deep = [...specs, 'input', 'buffer', 'processor', 'output', 'headgate.yaml'].flatMap(
    beneath,
  )
  return [...rootNames(), ...specs, ...deep, ...deep.flatMap(beneath), ...Object.keys(ERROR_CODES)]
}

function firstWords(commands: readonly CommandDefinition[]): readonly string[] {
  return commands.map(({ name }) => name.split(' ')[0] ?? '')
}

function repeatedOf(definitions: readonly ArgumentDefinition[]): ArgumentDefinition | undefined {
  const last = definitions.at(-1)
  return last?.repeated === true ? last : undefined
}

function longOf(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags
}
