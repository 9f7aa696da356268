/** Others who use the process's thread pool: compression of whole megabytes, and lookups of names. */
import { lookup } from 'node:dns/promises'
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'

const compress = promisify(zstdCompress)
const BLOCK_BYTES = 1024 * 1024
const LOOKUPS = 4

export function startNoise(compressions: number): AsyncDisposable {
  const block = Buffer.from(
    Array.from(
      { length: BLOCK_BYTES / 32 },
      (_, index) => `{"id":${index % 9973},"user":"ada"}`,
    ).join(),
  ).subarray(0, BLOCK_BYTES)
  let ended = false
  const repeat = async (once: () => Promise<unknown>): Promise<void> => {
    while (!ended) await once()
  }
  const lanes = [
    ...Array.from({ length: compressions }, () => repeat(() => compress(block))),
    ...Array.from({ length: LOOKUPS }, () => repeat(() => lookup('localhost'))),
  ]
  return {
    [Symbol.asyncDispose]: async () => {
      ended = true
      await Promise.all(lanes)
    },
  }
}
