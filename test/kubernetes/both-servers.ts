/**
 * One kubectl, two servers: Headgate, started for the test on an empty folder, and the real API server. Each command
 * runs against both, and what it printed is made comparable: names that chance chose, times and versions are hidden.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { type HeadgateProcess, headgate, up } from '../harness/headgate-process.ts'
import { type ApiServer, type CommandResult, kubectl } from './api-server.ts'
import { namespace } from './objects.ts'

export interface BothServers extends AsyncDisposable {
  readonly headgate: HeadgateProcess
  /** On a fresh namespace, named alike at both. */
  scene(): Promise<Scene>
}

export interface Scene {
  readonly namespace: string
  /** `-n` is added. Environment variables are for editors. */
  run(
    args: readonly string[],
    input?: string,
    environment?: Readonly<Record<string, string>>,
  ): Promise<Both>
  readonly ours: Pick<ApiServer, 'kubectl' | 'kubeconfig'>
}

export interface Both {
  readonly ours: CommandResult
  readonly theirs: CommandResult
}

export async function startBoth(): Promise<BothServers> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-kubectl-'))
  const theirs = inject('apiServer')
  const running = await up({ folder: join(folder), dataDirectory: join(folder, '.headgate') })
  const kubeconfig = join(folder, 'kubeconfig')
  const { stdout } = await headgate(['kubeconfig', '--server', running.url])
  writeFileSync(kubeconfig, stdout)
  const ours = { kubectl: theirs.kubectl, kubeconfig }
  return {
    headgate: running,
    scene: async () => {
      const where = await namespace(theirs)
      return {
        namespace: where,
        ours,
        run: async (args, input = '', environment = {}) => {
          const full = ['-n', where, ...args]
          const [left, right] = await Promise.all([
            kubectl(ours, full, input, environment),
            kubectl(theirs, full, input, environment),
          ])
          return { ours: comparable(left, where), theirs: comparable(right, where) }
        },
      }
    },
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const HIDDEN: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UID'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME'],
  [/(resourceVersion"?: ?"?)\d+/g, '$1VERSION'],
  [/(Resource Version: +)\d+/g, '$1VERSION'],
  [/\/tmp\/(LIVE|MERGED)-\d+/g, '/tmp/$1'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]* [+-]\d{4}/g, 'FILETIME'],
  [/( {3,})(\d+[smh])+$/gm, '$1AGE'],
]

function comparable({ status, stdout, stderr }: CommandResult, where: string): CommandResult {
  const hide = (text: string): string =>
    HIDDEN.reduce(
      (hidden, [pattern, instead]) => hidden.replace(pattern, instead),
      text.replaceAll(where, 'NAMESPACE'),
    )
  return { status, stdout: hide(stdout), stderr: hide(stderr) }
}
