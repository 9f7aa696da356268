/** A process of its own that fills a directory and says so: the one who reads the word kills it. */
import { appender, createStream, openBenchEngine, RECORD_BYTES } from './bench-engine.ts'

const IN_FLIGHT = 128

const [directory = '', bytes = '0', recordsPerAppend = '1'] = process.argv.slice(2)
const engine = await openBenchEngine(directory)
const append = appender(engine, await createStream(engine, 'bench', 4), Number(recordsPerAppend))
let left = Number(bytes) / (RECORD_BYTES * Number(recordsPerAppend))
const lane = async (): Promise<void> => {
  while (left-- > 0) await append()
}
await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
process.stdout.write('written\n')
setInterval(() => {}, 60_000)
