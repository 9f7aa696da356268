/** The server under measurement: a real process, its CPU time and memory as the kernel counts them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type HeadgateProcess,
  type UpOptions,
  until,
  up,
} from '../../test/harness/headgate-process.ts'

export const BASE = '/apis/headgate.dev/v1alpha1'
/** What Linux calls USER_HZ; it is 100 wherever Node runs. */
const TICK_MS = 10

export interface LargeServer extends HeadgateProcess {
  readonly folder: string
  /** Of all its threads, user and system. */
  cpuMs(): number
  rssMiB(): number
  path(file: string): string
}

export async function openLargeServer(
  options: UpOptions & { readonly folder: string },
): Promise<LargeServer> {
  const server = await up(options)
  const pid = server.child.pid ?? 0
  return {
    ...server,
    folder: options.folder,
    cpuMs: () => cpuMsOf(pid),
    rssMiB: () => rssMiBOf(pid),
    path: (file) => join(options.folder, file),
  }
}

export function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

function rssMiBOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
}

interface Seen {
  readonly metadata?: {
    readonly resourceVersion?: string
    readonly labels?: { readonly edit?: string }
  }
  readonly status?: { readonly conditions?: readonly { type: string; status: string }[] }
}

/** Resolves once the resource shows this edit, and is Ready. */
export async function untilReady(
  server: LargeServer,
  resource: string,
  edit: string,
): Promise<void> {
  await until(
    `${resource} to be Ready with edit ${edit}`,
    async () => {
      const response = await fetch(`${server.url}${BASE}/namespaces/default/${resource}`)
      const { metadata, status } = (await response.json()) as Seen
      const isReady = status?.conditions?.some(
        (condition) => condition.type === 'Ready' && condition.status === 'True',
      )
      return isReady === true && metadata?.labels?.edit === edit ? true : undefined
    },
    1,
  )
}
