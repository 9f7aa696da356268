/** The same work as a loop that somebody would write for it: `generate COUNT BYTES`, `file IN OUT`, `http COUNT`. */
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { orderText } from '../bloblang/documents.ts'
import { printSample } from './sample.ts'
import { work } from './work.ts'

const CHUNK_BYTES = 65_536
const [what, first = '', second = ''] = process.argv.slice(2)

if (what === 'generate') {
  process.stdout.write('ready\n')
  await printSample(async () => generate(Number(first), Number(second)))
} else if (what === 'file') {
  process.stdout.write('ready\n')
  await printSample(() => convert(first, second))
} else await serve(Number(first))

/** Objects that are made, mapped, and dropped; the sum keeps the loop from being optimised away. */
function generate(count: number, bytes: number): number {
  const order = JSON.parse(orderText(0, bytes, itemsOf(bytes), false))
  let dropped = 0
  for (let id = 0; id < count; id++) {
    const made = work({ ...order, id })
    if (made !== undefined) dropped += 1
  }
  return dropped
}

function itemsOf(bytes: number): number {
  return bytes > 200 ? 4 : 0
}

async function convert(from: string, to: string): Promise<number> {
  const output = createWriteStream(to)
  let rest = ''
  let records = 0
  for await (const chunk of createReadStream(from, { highWaterMark: CHUNK_BYTES })) {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    let text = ''
    for (const line of lines) text += `${JSON.stringify(work(JSON.parse(line)))}\n`
    records += lines.length
    if (!output.write(text)) await once(output, 'drain')
  }
  output.end()
  await once(output, 'finish')
  return records
}

async function serve(count: number): Promise<void> {
  const done = Promise.withResolvers<void>()
  let records = 0
  const server = createServer((request, response) => {
    if (request.method !== 'POST') {
      response.writeHead(405).end()
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      work(JSON.parse(Buffer.concat(chunks).toString()))
      response.end()
      records += 1
      if (records === count) done.resolve()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/post\n`)
  await printSample(async () => {
    await done.promise
    return records
  })
  server.closeAllConnections()
  server.close()
}
