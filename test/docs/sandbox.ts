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
import { firstMissing, type Step } from './console-script.ts'

const ROOT = join(import.meta.dirname, '../..')
const COPIED = [
  'api',
  'bin',
  'cli',
  'controllers',
  'crds',
  'docs',
  'engine',
  'examples',
  'package.json',
  'README.md',
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
    if (!path.endsWith('.yaml')) continue
    const file = join(root, 'examples', path)
    writeFileSync(file, translate(readFileSync(file, 'utf8')))
  }
  let directory = join(root, folder)
  const servers: Server[] = []
  return {
    run: async (step) => {
      const expected = step.expected.map(translate)
      if (step.command.startsWith('cd ')) {
        directory = join(directory, step.command.slice(3))
      } else if (isServer(step.command)) {
        servers.push(
          await startServer(withPort(step.command, ports.get('4195') ?? ''), directory, expected),
        )
      } else if (step.command === 'kill -9 %1') {
        await end(servers.pop(), 'SIGKILL')
      } else {
        await runCommand(translate(step.command), directory, expected)
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) await end(server, 'SIGKILL')
      rmSync(root, { recursive: true, force: true })
    },
  }
}

interface Server {
  readonly child: ChildProcess
  readonly gone: Promise<void>
}

const isServer = (command: string): boolean => /^(npm start|npx headgate up)\b/.test(command)

function withPort(command: string, port: string): string {
  const listen = `--listen 127.0.0.1:${port}`
  return command.startsWith('npm start') ? `${command} -- ${listen}` : `${command} ${listen}`
}

async function startServer(
  command: string,
  directory: string,
  expected: readonly string[],
): Promise<Server> {
  const child = spawn('bash', ['-c', `exec ${command}`], {
    cwd: directory,
    env: environment(),
    detached: true,
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const server = { child, gone }
  await until(
    `${command} to print ${expected[0] ?? 'nothing'}`,
    () =>
      child.exitCode !== null ||
      firstMissing(['…', ...expected, '…'], printed) === undefined ||
      undefined,
  ).catch(async (error: Error) => {
    await end(server, 'SIGKILL')
    throw new Error(`${error.message}; it printed:\n${printed}`)
  })
  if (child.exitCode !== null) throw new Error(`${command} ended:\n${printed}`)
  return server
}

async function end(server: Server | undefined, signal: NodeJS.Signals): Promise<void> {
  if (server?.child.pid === undefined) return
  try {
    process.kill(-server.child.pid, signal)
  } catch {
    // The group is gone already.
  }
  await server.gone
}

/** What depends on a server that still converges is asked again until it answers as the page says. */
async function runCommand(
  command: string,
  directory: string,
  expected: readonly string[],
): Promise<void> {
  let printed = ''
  await until(command, () => {
    printed = execute(command, directory)
    return firstMissing(expected, printed) === undefined || undefined
  }).catch(() => {
    throw new Error(
      `${command}\nexpected: ${firstMissing(expected, printed)}\nprinted:\n${printed}`,
    )
  })
}

function execute(command: string, directory: string): string {
  try {
    return execFileSync('bash', ['-c', `${command} 2>&1`], {
      cwd: directory,
      env: environment(),
      encoding: 'utf8',
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
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
  }
}

async function freePort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}
