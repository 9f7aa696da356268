/**
 * `headgate up [FOLDER]`: the server. It converges the folder, says one line a convergence, and ends with 0 when it is
 * told to stop. stdout belongs to the pipelines; everything here goes to stderr.
 */
import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { LISTEN_DEFAULT, parseListenAddress } from '../api/listen-address.ts'
import { parseDurationMs } from '../crds/duration.ts'
import { HeadgateError } from '../engine/error.ts'
import { type CommandDefinition, type Invocation, textOption, textOptions } from './command.ts'
import { RESOURCES_OPTION } from './connect-options.ts'
import { convergenceText } from './convergence-text.ts'
import { KeptTypes } from './declared-types.ts'
import { requireFolder } from './folder.ts'
import { removeServerFile, writeServerFile } from './server-file.ts'
import type { RunningServer, ServerOptions } from './server-options.ts'
import { requireSourceName } from './source-name.ts'
import { isWorthSaying, startScreen } from './start-screen.ts'

const CONFIG_DEFAULT = './headgate.yaml'
const DATA_DIRECTORY_DEFAULT = './.headgate'

export const up: CommandDefinition = {
  name: 'up',
  summary: 'Run what a folder says, and keep it so.',
  arguments: [
    {
      name: 'FOLDER',
      required: false,
      summary: 'A folder of YAML; without it, configured sources only.',
    },
  ],
  options: [
    {
      flags: '--source <NAME>',
      summary: 'What the folder is called; its name is what owns.',
      byDefault: 'local',
    },
    {
      flags: '--config <FILE>',
      summary: `Sources and grants; ${CONFIG_DEFAULT} when it is there.`,
    },
    {
      flags: '--data-dir <DIR>',
      summary: 'Where data is kept.',
      byDefault: DATA_DIRECTORY_DEFAULT,
    },
    { flags: '--secrets-dir <DIR>', summary: 'Beneath which fromFile and fromSecret look.' },
    RESOURCES_OPTION,
    { flags: '--listen <HOST:PORT>', summary: 'A loopback address.', byDefault: LISTEN_DEFAULT },
    {
      flags: '--prune-settle <DURATION>',
      summary: 'How long something must be gone before it is removed.',
      byDefault: '2s',
    },
  ],
  examples: [
    'headgate up ./config',
    'headgate up ./config -r ./resources',
    'headgate up --config headgate.yaml',
  ],
  stopsInOrder: true,
  run: runUp,
}

async function runUp(invocation: Invocation): Promise<number> {
  const { terminal, signal } = invocation
  const given = invocation.arguments[0]
  const folder = given === undefined ? undefined : requireFolder(resolve(given))
  const dataDirectory = resolve(textOption(invocation, 'dataDir') ?? DATA_DIRECTORY_DEFAULT)
  const types = folder === undefined ? undefined : new KeptTypes(folder)
  let isFirst = true
  const server = await invocation.startServer({
    folder,
    source: requireSourceName(textOption(invocation, 'source') ?? 'local'),
    configFile: readConfigFile(invocation),
    dataDirectory,
    secretsDirectory: readSecretsDirectory(invocation),
    listen: parseListenAddress(textOption(invocation, 'listen') ?? LISTEN_DEFAULT),
    pruneSettleMs: readPruneSettle(invocation),
    resources: await readResources(invocation),
    onConvergence: (report, source) => {
      if (source.folder === folder && (isFirst || isWorthSaying(report))) {
        isFirst = false
        void types?.look()
      }
      if (!isWorthSaying(report)) return
      const text = convergenceText(report, {
        texts: (file) => textOf(source.folder, file),
        paint: terminal.paint,
        namesSource: !source.isTheOnlyOne,
        commandText: (command) => commandText(command, dataDirectory),
      })
      if (text !== '') terminal.say(text)
    },
  })
  writeServerFile(dataDirectory, { url: server.url, pid: process.pid })
  try {
    await Promise.race([server.firstConvergence(), aborted(signal)])
    if (!signal.aborted) sayStart(invocation, server, given, dataDirectory)
    await aborted(signal)
    terminal.say('Stopping: pipelines finish what they took. Ctrl-C again stops at once.')
  } finally {
    removeServerFile(dataDirectory, process.pid)
    await server[Symbol.asyncDispose]()
  }
  return 0
}

function sayStart(
  { terminal }: Invocation,
  server: RunningServer,
  folder: string | undefined,
  dataDirectory: string,
): void {
  const screen = startScreen(
    {
      url: server.url,
      folder,
      running: server.running(),
      stream: server.streamToLookAt(),
      commandText: (command) => commandText(command, dataDirectory),
    },
    terminal.paint,
  )
  terminal.say(screen)
}

/** As it can be pasted into another terminal of the same working directory. */
function commandText(command: string, dataDirectory: string): string {
  const startedByNpm = process.env['npm_config_user_agent'] !== undefined
  const isDefault = dataDirectory === resolve(DATA_DIRECTORY_DEFAULT)
  return `${startedByNpm ? 'npx ' : ''}${command}${isDefault ? '' : ` --data-dir ${dataDirectory}`}`
}

/** Most are started without. */
async function readResources(invocation: Invocation): Promise<ServerOptions['resources']> {
  const paths = textOptions(invocation, 'resources')
  if (paths.length === 0) return undefined
  const { sharedResources } = await import('./shared-resources.ts')
  return sharedResources(paths)
}

/** The default one may be missing; one that was named may not. */
function readConfigFile(invocation: Invocation): string | undefined {
  const given = textOption(invocation, 'config')
  const path = resolve(given ?? CONFIG_DEFAULT)
  if (existsSync(path)) return path
  if (given === undefined) return undefined
  throw new HeadgateError('Usage', `there is no file ${path}`, {
    hint: 'Check the name given to --config.',
  })
}

function readSecretsDirectory(invocation: Invocation): string | undefined {
  const given = textOption(invocation, 'secretsDir')
  return given === undefined ? undefined : requireFolder(resolve(given))
}

function readPruneSettle(invocation: Invocation): number {
  const text = textOption(invocation, 'pruneSettle') ?? '2s'
  const ms = parseDurationMs(text)
  if (ms !== undefined) return ms
  throw new HeadgateError('Usage', `--prune-settle: expected a duration, got "${text}"`, {
    hint: 'Write for example --prune-settle 2s or 500ms.',
  })
}

/** For the caret lines: problems name files from the root of their source's folder. */
function textOf(folder: string | undefined, file: string): string | undefined {
  if (folder === undefined && !isAbsolute(file)) return undefined
  try {
    return readFileSync(isAbsolute(file) ? file : join(folder ?? '', file), 'utf8')
  } catch {
    return undefined
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((settle) => {
    if (signal.aborted) settle()
    else signal.addEventListener('abort', () => settle(), { once: true })
  })
}
