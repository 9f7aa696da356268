/**
 * The same load on peers that acknowledge only what is on the disk: 1 KiB records, 128 appends in flight, one and
 * sixteen records an append, the data on the same disk, all by turns. The engine lies in this process and the peers
 * behind a local socket: what that costs them is in their figures.
 */
import { randomBytes } from 'node:crypto'
import { median, thousands } from '../figures.ts'
import { RECORD_BYTES } from './bench-engine.ts'
import { runClosedLoop } from './closed-loop.ts'
import { appendRound, IN_FLIGHT } from './durable-appends.ts'
import type { BenchLength } from './length.ts'
import { startNats } from './peers/nats.ts'
import type { PeerOptions, StartedPeer } from './peers/peer.ts'
import { startPostgres } from './peers/postgres.ts'
import { startRedis } from './peers/redis.ts'
import { judged, notMeasured, type Row } from './row.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const LEAST = 2
const PEERS: Readonly<Record<string, (options: PeerOptions) => Promise<StartedPeer>>> = {
  'Redis Streams': startRedis,
  'NATS JetStream': startNats,
  PostgreSQL: startPostgres,
}

export async function benchPeers(length: BenchLength): Promise<readonly Row[]> {
  return [...(await measure(length, 1)), ...(await measure(length, 16))]
}

interface Sample {
  readonly name: string
  readonly how: string
  readonly recordsPerSecond: number
}

async function measure(length: BenchLength, recordsPerAppend: number): Promise<readonly Row[]> {
  const own: number[] = []
  const samples = new Map<string, Sample[]>()
  const missing = new Map<string, string>()
  for (let count = 0; count < length.rounds; count++) {
    own.push((await appendRound(length.roundMs, recordsPerAppend)).recordsPerSecond)
    for (const [peer, start] of Object.entries(PEERS)) {
      if (missing.has(peer)) continue
      try {
        const sample = await peerRound(start, length.roundMs, recordsPerAppend)
        if (typeof sample === 'string') missing.set(peer, sample)
        else samples.set(peer, [...(samples.get(peer) ?? []), sample])
      } catch (error) {
        missing.set(peer, error instanceof Error ? error.message : String(error))
      }
    }
  }
  return Object.keys(PEERS).map((peer): Row => {
    const what = `beside ${peer}, ${recordsPerAppend} an append`
    const [first, ...others] = samples.get(peer) ?? []
    if (first === undefined || missing.has(peer)) {
      return notMeasured(what, `≥ ${LEAST} times`, `left out: ${missing.get(peer)}`)
    }
    const theirs = median([first, ...others].map(({ recordsPerSecond }) => recordsPerSecond))
    return judged(
      {
        what,
        figure: `${thousands(median(own))} rec/s`,
        beside: `${first.name}: ${thousands(theirs)} rec/s`,
        note: first.how,
      },
      median(own) / theirs,
      { least: LEAST },
    )
  })
}

/** The reason, where the peer is missing. */
async function peerRound(
  start: (options: PeerOptions) => Promise<StartedPeer>,
  ms: number,
  recordsPerAppend: number,
): Promise<Sample | string> {
  using directory = temporaryDirectory()
  const started = await start({
    directory: directory.path,
    inFlight: IN_FLIGHT,
    recordsPerAppend,
    data: randomBytes(RECORD_BYTES),
  })
  if ('missing' in started) return started.missing
  await using peer = started
  const { recordsPerSecond } = await runClosedLoop({
    append: (lane) => peer.append(lane),
    inFlight: IN_FLIGHT,
    recordsPerAppend,
    until: { ms },
  })
  return { name: peer.name, how: peer.how, recordsPerSecond }
}
