/**
 * What the mapping language is held to: the same work by hand in this process, and other languages' programs as whole
 * processes over the same file. `npm run bench -- bloblang [--quick] [WORD…]`, where words pick rows by their names.
 */
import { benchInProcess } from './bloblang/in-process.ts'
import { printTable } from './engine/row.ts'

export function benchBloblang(options: readonly string[]): Promise<void> {
  const quick = options.includes('--quick')
  const wanted = options.filter((option) => option !== '--quick')
  printTable(benchInProcess({ rounds: quick ? 5 : 15, roundMs: quick ? 5 : 20 }, wanted))
  return Promise.resolve()
}
