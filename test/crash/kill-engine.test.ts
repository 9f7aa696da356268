/** A real process that writes under load is killed at any moment; its parent holds what was acknowledged. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { realClock } from '../../engine/ports/real-clock.ts'
import { realDisk } from '../../engine/ports/real-disk.ts'
import { realRandom } from '../../engine/ports/real-random.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { readShard } from '../conformance/engine-under-test.ts'

const ROUNDS = process.env['HEADGATE_SOAK_MINUTES'] === undefined ? 40 : 500
const LIVES_MS_MIN = 1
const LIVES_MS_MAX = 200
/** How often the parent looks at everything. */
const ROUNDS_PER_CHECK = 10
const SHARDS = 3
const WRITER = fileURLToPath(new URL('./killed-writer.ts', import.meta.url))

/** By place. */
type Acknowledged = Map<string, string>

async function killOnce(directory: string, round: number, livesMs: number): Promise<string> {
  const child = spawn(process.execPath, [WRITER, directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  const open = Promise.withResolvers<void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text
    if (told.startsWith('open\n')) open.resolve()
  })
  const ended = once(child, 'close')
  await Promise.race([open.promise, ended])
  await sleep(livesMs)
  child.kill('SIGKILL')
  const [, signal] = await ended
  expect(signal, `round ${round}: ${told.slice(-500)}`).toBe('SIGKILL')
  return told
}

/** A line that the end cut off was never told. */
function note(told: string, acknowledged: Acknowledged): void {
  for (const line of told.split('\n').slice(1, -1)) {
    const [shard, sequence, text = ''] = line.split(' ')
    const place = `${shard}/${sequence}`
    expect(acknowledged.get(place) ?? text, `${place} was given out twice`).toBe(text)
    acknowledged.set(place, text)
  }
}

async function expectKept(directory: string, acknowledged: Acknowledged): Promise<void> {
  await using engine = await openDiskEngine({
    directory,
    clock: realClock,
    random: realRandom,
    disk: realDisk,
    sizes: { reserveBytes: 0 },
  })
  expect(engine.condition()).toBeUndefined()
  const found = new Map<string, string>()
  const texts = new Set<string>()
  let records = 0
  for (let shard = 0; shard < SHARDS; shard++) {
    for (const { sequence, data } of await readShard(engine, 'a', shard)) {
      const text = Buffer.from(data).toString()
      found.set(`${shard}/${sequence}`, text)
      texts.add(text)
      records++
    }
  }
  expect(texts.size, 'some record is there twice').toBe(records)
  const lost = [...acknowledged].filter(([place, text]) => found.get(place) !== text)
  expect(lost).toEqual([])
}

test(`${ROUNDS} times SIGKILL under load lose no acknowledged record`, {
  timeout: ROUNDS * 20_000,
}, async () => {
  const seed = Number(process.env['HEADGATE_SEED'] ?? process.pid)
  const random = new SeededRandom(seed)
  const directory = mkdtempSync(join(tmpdir(), 'headgate-kill-engine-'))
  const acknowledged: Acknowledged = new Map()
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      const livesMs = LIVES_MS_MIN + random.next() * (LIVES_MS_MAX - LIVES_MS_MIN)
      note(await killOnce(directory, round, livesMs), acknowledged)
      if (round % ROUNDS_PER_CHECK === 0) await expectKept(directory, acknowledged)
    }
    expect(acknowledged.size).toBeGreaterThan(ROUNDS)
  } catch (error) {
    throw new Error(`HEADGATE_SEED=${seed} waits as long again`, { cause: error })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
