/**
 * A private copy of the checkout in which the commands of a page run, with ports of its own: 4195 and 4196 of the
 * pages become free ones, so that pages can be tested side by side and beside a Headgate that someone runs.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { until } from '../harness/headgate-process.ts'
import { findBinaries } from '../kubernetes/binaries.ts'
import { firstMissing, SERVER_PRINTS, type Step } from './console-script.ts'

const ROOT = join(import.meta.dirname, '../..')
const COPIED = [
  'api',
  'bin',
  'cli',
  'client',
  'controllers',
  'crds',
  'docs',
  'engine',
  'examples',
  'package.json',
  'processor',
  'README.md',
  'scripts',
  'testing',
  'tsconfig.build.json',
  'tsconfig.json',
]

export interface Sandbox extends AsyncDisposable {
  run(step: Step): Promise<void>
}

export async function openSandbox(folder: string): Promise<Sandbox> {
  const root = mkdtempSync(join(tmpdir(), 'headgate-docs-'))
  for (const name of COPIED) {
    cpSync(join(ROOT, name), join(root, name), {
      recursive: true,
      filter: (path) => !path.includes('.headgate'),
    })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  const ports = new Map([
    ['4195', await freePort()],
    ['4196', await freePort()],
  ])
  const translate = (text: string): string =>
    text.replace(/\b419[56]\b/g, (port) => ports.get(port) ?? port)
  for (const path of readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })) {
    if (!/\.(yaml|ts)$/.test(path)) continue
    const file = join(root, 'examples', path)
    writeFileSync(file, translate(readFileSync(file, 'utf8')))
  }
  let directory = join(root, folder)
  const servers: Server[] = []
  return {
    run: async (step) => {
      const expected = step.expected.map(translate)
      if (step.command === SERVER_PRINTS) {
        await awaitPrinted(servers.at(-1), expected)
      } else if (step.command.startsWith('cd ')) {
        directory = join(directory, step.command.slice(3))
      } else if (isServer(step.command)) {
        const server = startServer(withPort(step.command, ports.get('4195') ?? ''), directory)
        servers.push(server)
        await awaitPrinted(server, expected)
      } else {
        await runCommand(translate(step.command), directory, expected)
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) await end(server)
      rmSync(root, { recursive: true, force: true })
    },
  }
}

interface Server {
  readonly command: string
  readonly child: ChildProcess
  readonly gone: Promise<void>
  /** What it printed since the page looked last. */
  unread: string
}

const isServer = (command: string): boolean =>
  /^(npm start|npx headgate up|node --import \S+ \S+ up)\b/.test(command)

function withPort(command: string, port: string): string {
  const listen = `--listen 127.0.0.1:${port}`
  return command.startsWith('npm start') ? `${command} -- ${listen}` : `${command} ${listen}`
}

function startServer(command: string, directory: string): Server {
  const child = spawn('bash', ['-c', `exec ${command}`], {
    cwd: directory,
    env: environment(),
    detached: true,
  })
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const server: Server = { command, child, gone, unread: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      server.unread += text
    })
  }
  return server
}

async function awaitPrinted(
  server: Server | undefined,
  expected: readonly string[],
): Promise<void> {
  if (server === undefined) throw new Error('no server was started before')
  const missing = (): string | undefined => firstMissing(['…', ...expected, '…'], server.unread)
  await until(`${server.command} to print it`, () => {
    if (missing() === undefined) return true
    if (server.child.exitCode !== null) throw new Error(`${server.command} ended`)
    return undefined
  }).catch((error: Error) => {
    throw new Error(`${error.message}\nexpected: ${missing()}\nprinted:\n${server.unread}`)
  })
  server.unread = ''
}

async function end({ child, gone }: Server): Promise<void> {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group is gone already.
  }
  await gone
}

/** What only reads is asked again until a server that still converges answers as the page says. */
const ONLY_READS =
  /^(npx headgate (get|tail|plan|diff|history|why|describe|events)|kubectl .*\bget|cat|curl -s http)\b/

async function runCommand(
  command: string,
  directory: string,
  expected: readonly string[],
): Promise<void> {
  let printed = execute(command, directory)
  const missing = (): string | undefined => firstMissing(expected, printed)
  if (ONLY_READS.test(command)) {
    await until(command, () => {
      if (missing() !== undefined) printed = execute(command, directory)
      return missing() === undefined || undefined
    }).catch(() => undefined)
  }
  if (missing() !== undefined) {
    throw new Error(`${command}\nexpected: ${missing()}\nprinted:\n${printed}`)
  }
}

/** A command that waits for what never comes is ended, and what it printed until then is judged. */
const COMMAND_MS_MAX = 120_000

function execute(command: string, directory: string): string {
  try {
    return execFileSync('bash', ['-c', `exec 2>&1\n${command}`], {
      cwd: directory,
      env: environment(),
      encoding: 'utf8',
      timeout: COMMAND_MS_MAX,
      killSignal: 'SIGKILL',
    })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

/** The project's own Node comes first, as npm puts it. */
function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NO_COLOR: '1',
    npm_config_update_notifier: 'false',
    npm_config_loglevel: 'error',
    PATH: [dirname(process.execPath), ...kubectlFolder(), process.env['PATH']].join(':'),
  }
}

/** The one that the tests with Kubernetes use. */
function kubectlFolder(): readonly string[] {
  const binaries = findBinaries()
  return binaries === undefined ? [] : [dirname(binaries.kubectl)]
}

async function freePort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}
