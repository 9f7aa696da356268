/** http_server → mapping → drop under the load of another process, beside a bare server of Node under the same. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Row } from '../engine/row.ts'
import { type PipelinesLength, SIZES } from './length.ts'
import { besideByHand } from './rows.ts'
import { type MeasuredProcess, measuredProcess, type Sample } from './sample.ts'
import { MAPPING } from './work.ts'

const CONNECTIONS = 64
const PIPELINE = join(import.meta.dirname, 'pipeline-process.ts')
const BY_HAND = join(import.meta.dirname, 'by-hand-process.ts')
const LOAD = join(import.meta.dirname, 'load-process.ts')

export async function benchHttp({ rounds, requests }: PipelinesLength): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const { name, bytes } of SIZES) {
    const own: Sample[] = []
    const byHand: Sample[] = []
    for (let round = 0; round < rounds; round++) {
      const address = `127.0.0.1:${await freePort()}`
      const config = {
        input: { http_server: { address, path: '/post' } },
        pipeline: { threads: 1, processors: [{ mapping: MAPPING }] },
        output: { drop: {} },
      }
      const pipeline = measuredProcess(PIPELINE, [JSON.stringify(config), `${requests}`])
      own.push(...(await underLoad(pipeline, requests, bytes, `http://${address}/post`)))
      const server = measuredProcess(BY_HAND, ['http', `${requests}`])
      byHand.push(...(await underLoad(server, requests, bytes)))
    }
    rows.push(besideByHand(`http_server → mapping → drop, ${name}`, bytes, own, byHand))
  }
  return rows
}

/** Without an address, the process says where it listens. */
async function underLoad(
  { ready, samples }: MeasuredProcess,
  requests: number,
  bytes: number,
  address?: string,
): Promise<readonly Sample[]> {
  const said = await ready
  const given = [LOAD, address ?? said, `${requests}`, `${bytes}`, `${CONNECTIONS}`]
  await untilListening(address ?? said)
  const load = spawn(process.execPath, given, { stdio: 'inherit' })
  const [code] = await once(load, 'close')
  if (code !== 0) throw new Error(`the load ended with ${code}`)
  return samples
}

async function untilListening(address: string): Promise<void> {
  for (;;) {
    const answer = await fetch(address, { method: 'GET' }).catch(() => undefined)
    await answer?.arrayBuffer()
    if (answer !== undefined) return
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
