/**
 * What the mapping language is held to: the same work by hand in this process, and other languages' programs as whole
 * processes over the same file. `npm run bench -- bloblang [--quick] [WORD…]`, where words pick rows by their names.
 */
import { benchInProcess } from './bloblang/in-process.ts'
import { benchWholeProcess } from './bloblang/whole-process.ts'
import { printTable } from './engine/row.ts'

export function benchBloblang(options: readonly string[]): Promise<void> {
  const isQuick = options.includes('--quick')
  const wanted = options.filter((option) => option !== '--quick')
  const rounds = isQuick ? { rounds: 5, roundMs: 5 } : { rounds: 15, roundMs: 20 }
  const rows = [...benchInProcess(rounds, wanted)]
  if (wanted.every((word) => 'whole process'.includes(word))) {
    rows.push(
      ...benchWholeProcess({ rounds: isQuick ? 2 : 5, records: isQuick ? 20_000 : 200_000 }),
    )
  }
  printTable(rows)
  return Promise.resolve()
}
