/**
 * A process that writes to an engine until it is killed: `node killed-writer.ts DIRECTORY ROUND`. Each line it prints
 * is a record that was acknowledged: shard, sequence and text. It prints `open` once the engine is.
 */
import { writeSync } from 'node:fs'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { realClock } from '../../engine/ports/real-clock.ts'
import { realDisk } from '../../engine/ports/real-disk.ts'
import { realRandom } from '../../engine/ports/real-random.ts'
import { batchOf, streamRecord } from '../conformance/engine-under-test.ts'

const SHARDS = 3
const WRITERS = 16
const [directory = '', round = ''] = process.argv.slice(2)
const STDOUT = 1

const engine = await openDiskEngine({
  directory,
  clock: realClock,
  random: realRandom,
  disk: realDisk,
  sizes: {
    journal: { firstFileBytes: 256 * 1024, laterFileBytes: 256 * 1024, filesMax: 4 },
    segmentBytes: 64 * 1024,
    checkpointBytes: 256 * 1024,
    reserveBytes: 0,
  },
})
const { incarnation } =
  engine.streams.describe(['a'])[0] ??
  (await engine.streams.create(streamRecord('a', { shards: SHARDS })))
tell('open\n')

async function write(writer: number): Promise<never> {
  for (let count = 0; ; count++) {
    const shard = (writer + count) % SHARDS
    const text = `${round}-${writer}-${count}-${'x'.repeat((count * 37) % 900)}`
    const append = { stream: 'a', incarnation, shard, batch: batchOf(text) }
    const { appends } = await engine.log.write({ appends: [append] })
    tell(`${shard} ${appends[0]?.sequences[0]} ${text}\n`)
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))

/** At once: what is in no buffer of ours survives us. While the pipe is full, the parent is behind. */
function tell(text: string): void {
  const bytes = Buffer.from(text)
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(STDOUT, bytes, done)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
    }
  }
}
