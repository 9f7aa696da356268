/**
 * A real Kubernetes API server with its etcd, on loopback and ports of its own, with its data in a temporary folder.
 * No controllers run beside it: what a namespace holds is not removed with it, and nothing collects garbage.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../harness/headgate-process.ts'
import type { Binaries } from './binaries.ts'

/** Plain data, so that it can be handed to the processes that run the tests. */
export interface ApiServer {
  readonly url: string
  readonly kubectl: string
  readonly kubeconfig: string
  readonly certificate: string
}

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: the API server's own objects, read field by field in assertions
  readonly body: any
}

export interface CommandResult {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

const TOKEN = 'administrator'

export async function startApiServer(
  binaries: Binaries,
): Promise<ApiServer & { stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-kubernetes-'))
  const running: Running[] = []
  const stop = async (): Promise<void> => {
    for (const one of running.reverse()) await one.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const [clients, peers, secure] = await freePorts(3)
    const etcdUrl = `http://127.0.0.1:${clients}`
    const etcd = run(binaries.etcd, etcdFlags(folder, etcdUrl, `http://127.0.0.1:${peers}`))
    running.push(etcd)
    await until('etcd to be healthy', async () => {
      etcd.check()
      return (await fetch(`${etcdUrl}/health`).catch(() => undefined))?.ok
    })
    writeFileSync(join(folder, 'tokens.csv'), `${TOKEN},admin,1,"system:masters"\n`)
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const key = privateKey.export({ type: 'pkcs1', format: 'pem' })
    writeFileSync(join(folder, 'service-account.key'), key)
    const apiServer = run(binaries.kubeApiserver, apiServerFlags(folder, etcdUrl, secure ?? 0))
    running.push(apiServer)
    const certificate = join(folder, 'certificates', 'apiserver.crt')
    const kubeconfig = join(folder, 'kubeconfig')
    const server = {
      url: `https://127.0.0.1:${secure}`,
      kubectl: binaries.kubectl,
      kubeconfig,
      certificate,
    }
    writeFileSync(kubeconfig, kubeconfigOf(server))
    await until('the API server to be ready', async () => {
      apiServer.check()
      const answer = await call(server, 'GET', '/readyz').catch(() => undefined)
      return answer?.status === 200
    })
    return { ...server, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** One request as the administrator. A text is sent as the YAML that it is, anything else as JSON. */
export async function call(
  server: ApiServer,
  method: string,
  path: string,
  content?: unknown,
  type: string = typeof content === 'string' ? 'application/yaml' : 'application/json',
): Promise<Answer> {
  const ca = readFileSync(server.certificate)
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': type }
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const sent = request(new URL(path, server.url), { method, ca, headers }, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (piece: string) => {
      text += piece
    })
    response.on('error', reject)
    response.on('end', () => {
      const isJson = response.headers['content-type']?.startsWith('application/json') === true
      resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : text })
    })
  })
  sent.on('error', reject)
  sent.end(typeof content === 'string' ? content : JSON.stringify(content))
  return promise
}

export function kubectl(
  server: Pick<ApiServer, 'kubectl' | 'kubeconfig'>,
  args: readonly string[],
  input: string = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const full = ['--kubeconfig', server.kubeconfig, '--cache-dir', `${server.kubeconfig}.cache`]
    const env = { ...process.env, ...environment }
    const child = execFile(server.kubectl, [...full, ...args], { env }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ status, stdout, stderr })
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

function etcdFlags(folder: string, clients: string, peers: string): readonly string[] {
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    '--unsafe-no-fsync=true',
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
  ]
}

function apiServerFlags(folder: string, etcd: string, port: number): readonly string[] {
  const issuer = `https://127.0.0.1:${port}/`
  const key = join(folder, 'service-account.key')
  return [
    `--etcd-servers=${etcd}`,
    `--cert-dir=${join(folder, 'certificates')}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=RBAC',
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--disable-admission-plugins=ServiceAccount',
    '--allow-privileged=true',
    '--endpoint-reconciler-type=none',
    `--service-account-issuer=${issuer}`,
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
  ]
}

function kubeconfigOf({ url, certificate }: Pick<ApiServer, 'url' | 'certificate'>): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': certificate } }],
    users: [{ name: 'admin', user: { token: TOKEN } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  })
}

interface Running {
  /** Throws when the process has ended, with what it said last. */
  check(): void
  stop(): Promise<void>
}

const OUTPUT_LENGTH_MAX = 20_000

function run(file: string, args: readonly string[]): Running {
  const child: ChildProcess = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_LENGTH_MAX)
    })
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      output += error.message
      resolve()
    })
    child.once('close', () => resolve())
  })
  // A run that is cut short leaves no server behind.
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', kill)
  return {
    check: () => {
      if (child.exitCode !== null || child.pid === undefined)
        throw new Error(`${file} ended with ${child.exitCode}:\n${output}`)
    },
    stop: async () => {
      child.kill('SIGTERM')
      const patience = AbortSignal.timeout(5_000)
      patience.addEventListener('abort', kill)
      await gone
      patience.removeEventListener('abort', kill)
      process.removeListener('exit', kill)
    },
  }
}

/** Ports that nobody listens on, held together so that none is given out twice. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
