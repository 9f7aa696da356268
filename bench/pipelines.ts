/**
 * What the pipeline runtime is held to: `npm run bench -- pipelines [--quick] [WORD…]`, where words pick from
 * generate, file, http, stream and many. Each run is a process of its own, so that CPU time and memory are its own.
 */
import { printTable, type Row } from './engine/row.ts'
import { benchFiles } from './pipelines/files.ts'
import { benchGenerated } from './pipelines/generated.ts'
import { benchHttp } from './pipelines/http.ts'
import { type PipelinesLength, pipelinesLength } from './pipelines/length.ts'
import { benchMany } from './pipelines/many.ts'
import { benchStreams } from './pipelines/streams.ts'

const PARTS: Readonly<Record<string, (length: PipelinesLength) => Promise<readonly Row[]>>> = {
  generate: benchGenerated,
  file: benchFiles,
  http: benchHttp,
  stream: benchStreams,
  many: benchMany,
}

export async function benchPipelines(options: readonly string[]): Promise<void> {
  const wanted = options.filter((option) => option !== '--quick')
  const rows: Row[] = []
  for (const [name, bench] of Object.entries(PARTS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    rows.push(...(await bench(pipelinesLength(options.includes('--quick')))))
  }
  printTable(rows)
}
