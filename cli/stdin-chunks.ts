/** What comes in on stdin, in large pieces where stdin is a file: small ones cost a turn of the event loop each. */
import { createReadStream, fstatSync } from 'node:fs'

const CHUNK_BYTES = 1_048_576

export async function* stdinChunks(stdin: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  const isFile = stdin === process.stdin && fstatSync(0).isFile()
  const stream = isFile
    ? createReadStream('', { fd: 0, autoClose: false, highWaterMark: CHUNK_BYTES })
    : stdin
  for await (const chunk of stream) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)
}
