/**
 * A real Headgate process on a real folder, for tests: started with the Node that runs the test, listening on a port
 * of its own on loopback, and killed with its test.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = join(import.meta.dirname, '../..')
const POLL_MS = 20
const WAIT_MS_MAX = 60_000

export interface UpOptions {
  /** Without one, there are the APIs alone. */
  readonly folder?: string
  /** A port of its own, unless it is said. */
  readonly listen?: string
  readonly dataDirectory: string
  readonly arguments?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly workingDirectory?: string
}

export interface HeadgateProcess extends AsyncDisposable {
  readonly url: string
  readonly child: ChildProcess
  stderr(): string
  stdout(): string
  /** SIGKILL, and waits until the process is gone. */
  kill(): Promise<void>
  /** SIGTERM; answers the exit status. */
  stop(): Promise<number | null>
}

/** Starts `headgate up` and resolves once `/readyz` says that every first action was carried out or failed. */
export async function up(options: UpOptions): Promise<HeadgateProcess> {
  const serverFile = join(options.dataDirectory, 'server.json')
  const { child, output, gone } = spawnHeadgate(
    [
      'up',
      ...(options.folder === undefined ? [] : [options.folder]),
      '--data-dir',
      options.dataDirectory,
      '--listen',
      options.listen ?? '127.0.0.1:0',
      ...(options.arguments ?? []),
    ],
    options,
  )
  const url = await until('the server to be ready', async () => {
    if (child.exitCode !== null)
      throw new Error(`headgate ended with ${child.exitCode}:\n${output.stderr}`)
    if (!existsSync(serverFile)) return undefined
    const server = parseServer(readFileSync(serverFile, 'utf8'))
    if (server?.pid !== child.pid) return undefined
    const ready = await fetch(`${server?.url}/readyz`).catch(() => undefined)
    return ready?.status === 200 ? server?.url : undefined
  })
  return {
    url,
    child,
    stderr: () => output.stderr,
    stdout: () => output.stdout,
    kill: async () => {
      child.kill('SIGKILL')
      await gone
    },
    stop: async () => {
      child.kill('SIGTERM')
      return gone
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
}

export interface CommandResult {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command to its end. */
export async function headgate(
  args: readonly string[],
  options: {
    readonly input?: string
    readonly workingDirectory?: string
    readonly environment?: Readonly<Record<string, string>>
  } = {},
): Promise<CommandResult> {
  const { child, output, gone } = spawnHeadgate(args, options)
  child.stdin?.end(options.input ?? '')
  const status = await gone
  return { status, ...output }
}

function spawnHeadgate(
  args: readonly string[],
  options: {
    readonly workingDirectory?: string
    readonly environment?: Readonly<Record<string, string>>
  },
): {
  child: ChildProcess
  output: { stdout: string; stderr: string }
  gone: Promise<number | null>
} {
  const child = spawn(process.execPath, [join(ROOT, 'cli/main.ts'), ...args], {
    cwd: options.workingDirectory ?? ROOT,
    env: { ...process.env, NO_COLOR: '1', ...options.environment },
    stdio: 'pipe',
  })
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  child.stdin?.on('error', () => undefined)
  const gone = new Promise<number | null>((resolve) =>
    child.once('close', (status) => resolve(status)),
  )
  return { child, output, gone }
}

function parseServer(text: string): { url: string; pid: number } | undefined {
  try {
    return JSON.parse(text) as { url: string; pid: number }
  } catch {
    return undefined
  }
}

/** Polls until the question has an answer; the limit is generous, for it only bounds a failure. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  pollMs: number = POLL_MS,
): Promise<T> {
  const deadlineMs = performance.now() + WAIT_MS_MAX
  while (performance.now() < deadlineMs) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    await sleep(pollMs)
  }
  throw new Error(`waited ${WAIT_MS_MAX} ms for ${what}`)
}
