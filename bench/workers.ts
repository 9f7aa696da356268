/**
 * What threads of their own bring processors: `npm run bench -- workers [--quick] [WORD…]`, where words pick rows by their
 * names. Records of 1 KiB go from a stream through the processors to nowhere; each row compares `threads: 2` with
 * `threads: 1`, in turns of the same run. A machine with fewer than three idle cores shares them with the main thread.
 */
import { encodeBatch } from '../engine/log/batch.ts'
import { openMemoryEngine } from '../engine/log/memory-engine.ts'
import { buildPipeline } from '../engine/pipelines/build-pipeline.ts'
import { createStream } from '../engine/pipelines/stream-testing.ts'
import { testEnvironment } from '../engine/pipelines/testing.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { realRandom } from '../engine/ports/real-random.ts'
import { judged, printTable, type Row } from './engine/row.ts'
import { quantile, thousands } from './figures.ts'

const WORDS =
  'the quick brown fox ada@example.com jumps over 17 lazy dogs and writes to bob@mail.org '
const TEXT = WORDS.repeat(11).slice(0, 960)
const RECORDS_OF_BATCH = 256
/** Fewer fall less evenly on two lanes. */
const KEYS = 1_000

/** Some hundred microseconds a record: regular expressions and hashes, as who masks and signs events runs them. */
const HEAVY = `root.id = this.id
root.masked = this.text.re_replace_all("([a-z]+)@([a-z]+)\\\\.(com|org)", "$2 at $1")
root.numbers = this.text.re_find_all("[0-9]+").map_each(n -> n.number()).sum()
root.words = this.text.re_find_all("[a-z]+(er|ox|ps|gs)\\\\b").length()
root.hash = this.text.hash("sha512").encode("hex")
root.signed = (this.text + this.id.string()).hash("hmac_sha256", "key").encode("base64")`
const LIGHT = 'root = this\nroot.at = now()'

interface Case {
  readonly name: string
  readonly records: number
  readonly mapping: string
  /** How many times as fast two threads have to be; undefined where they are only shown. */
  readonly least?: number
  readonly pipeline?: Readonly<Record<string, unknown>>
}

const CASES: readonly Case[] = [
  { name: 'heavy mapping', records: 12_000, mapping: HEAVY, least: 1.6 },
  {
    name: 'heavy mapping, in order of keys',
    records: 12_000,
    mapping: HEAVY,
    least: 1.6,
    pipeline: { shard_by: '${! @headgate_key }' },
  },
  { name: 'light mapping', records: 100_000, mapping: LIGHT },
  { name: 'mapping that changes nothing', records: 100_000, mapping: 'meta a = "b"' },
]

export async function benchWorkers(options: readonly string[]): Promise<void> {
  const isQuick = options.includes('--quick')
  const wanted = options.filter((option) => option !== '--quick')
  const rows: Row[] = []
  for (const one of CASES) {
    if (wanted.length > 0 && !wanted.some((word) => one.name.includes(word))) continue
    const given = isQuick ? { ...one, records: one.records / 10 } : one
    rows.push(await compare(given, isQuick ? 1 : 5))
  }
  printTable(rows)
}

async function compare(given: Case, rounds: number): Promise<Row> {
  const rates: Record<1 | 2, number[]> = { 1: [], 2: [] }
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    // What runs first alternates: a machine gets slower as it warms up.
    const [first, second] = round % 2 === 0 ? ([1, 2] as const) : ([2, 1] as const)
    rates[first].push(await recordsPerSecond(given, first))
    rates[second].push(await recordsPerSecond(given, second))
    ratios.push((rates[2].at(-1) ?? 0) / (rates[1].at(-1) ?? 1))
  }
  const rateOf = (threads: 1 | 2): string =>
    `${thousands(quantile(rates[threads], 0.5))} records/s with ${threads}`
  const ratio = quantile(ratios, 0.5)
  const row = { what: given.name, figure: rateOf(2), beside: rateOf(1) }
  if (given.least !== undefined) return judged(row, ratio, { least: given.least })
  return { ...row, target: '', ratio, met: undefined, note: 'shown for where threads do not pay' }
}

/** Over the last nine tenths: the threads have started and the code is compiled by then. */
async function recordsPerSecond(
  { records, mapping, pipeline }: Case,
  threads: number,
): Promise<number> {
  await using engine = openMemoryEngine({ clock: realClock, random: realRandom })
  const incarnation = await createStream(engine, 'source', 1)
  for (let first = 0; first < records; first += RECORDS_OF_BATCH) {
    const batch = Array.from({ length: Math.min(RECORDS_OF_BATCH, records - first) }, (_, at) => ({
      key: Buffer.from(`k${(first + at) % KEYS}`),
      headers: [],
      data: Buffer.from(JSON.stringify({ id: first + at, text: TEXT })),
    }))
    const append = { stream: 'default/source', incarnation, batch: encodeBatch(batch) }
    await engine.log.write({ appends: [append] })
  }
  const running = await buildPipeline(
    {
      input: { stream: { name: 'source' } },
      pipeline: { ...pipeline, threads, processors: [{ mapping }] },
      output: { drop: {} },
    },
    testEnvironment({ engine }),
  )
  const sent = async (count: number): Promise<number> => {
    while (running.state().counters.outputSent < count) await realClock.sleep(1)
    return performance.now()
  }
  await running.connect()
  const warm = Math.floor(records / 10)
  const begunMs = await sent(warm)
  const already = running.state().counters.outputSent
  const endedMs = await sent(records)
  await running.stop(1_000)
  return ((records - already) / (endedMs - begunMs)) * 1_000
}
