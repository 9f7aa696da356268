/**
 * `headgate blobl` as a whole process, beside other languages' programs that do the same work over the same file of
 * JSON lines of 1 KiB: five fields picked, one of them in upper case, one multiplied. CPU time a record, start and all.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cpuSecondsOf, type Program } from '../cpu-seconds.ts'
import { judged, notMeasured, type Row } from '../engine/row.ts'
import { temporaryDirectory } from '../engine/temporary-directory.ts'
import { median } from '../figures.ts'
import { orderText } from './documents.ts'

const RECORD_BYTES = 1_024
const MOST_OF_VRL = 0.75

const MAPPING = `root.id = this.id
root.name = this.name.uppercase()
root.total = this.price * 2
root.at = this.at
root.kind = this.kind
`
const VRL =
  '. = {"id": .id, "name": upcase!(.name), "total": (.price * 2) ?? 0, "at": .at, "kind": .kind}'
const JQ = '{id, name: (.name | ascii_upcase), total: (.price * 2), at, kind}'
const BY_HAND = `
import { createReadStream } from 'node:fs'
let rest = ''
for await (const chunk of createReadStream('', { fd: 0, highWaterMark: 1 << 20 })) {
  const lines = (rest + chunk.toString()).split('\\n')
  rest = lines.pop()
  let out = ''
  for (const line of lines) {
    const { id, name, price, at, kind } = JSON.parse(line)
    out += JSON.stringify({ id, name: name.toUpperCase(), total: price * 2, at, kind }) + '\\n'
  }
  process.stdout.write(out)
}
`

interface Named extends Program {
  readonly name: string
}

export function benchWholeProcess(length: {
  readonly rounds: number
  readonly records: number
}): readonly Row[] {
  using directory = temporaryDirectory()
  const input = join(directory.path, 'orders.jsonl')
  const lines = Array.from({ length: length.records }, (_, index) =>
    orderText(index, RECORD_BYTES, 4, false),
  )
  writeFileSync(input, `${lines.join('\n')}\n`)
  const mapping = join(directory.path, 'mapping.blobl')
  writeFileSync(mapping, MAPPING)
  const vrl = join(directory.path, 'program.vrl')
  writeFileSync(vrl, VRL)
  const byHand = join(directory.path, 'by-hand.mjs')
  writeFileSync(byHand, BY_HAND)
  const headgate = join(import.meta.dirname, '../../bin/headgate.mjs')
  const own: Named = {
    name: 'headgate blobl',
    command: process.execPath,
    given: [headgate, 'blobl', '--file', mapping],
  }
  const others: readonly Named[] = [
    { name: 'by hand', command: process.execPath, given: [byHand] },
    { name: 'vrl', command: 'vrl', given: ['-p', vrl, '-o', '-i', input] },
    { name: 'jaq', command: 'jaq', given: ['-c', JQ] },
    { name: 'jq', command: 'jq', given: ['-c', JQ] },
  ]
  const microseconds = new Map<string, number[]>()
  for (let count = 0; count < length.rounds; count++) {
    for (const program of [own, ...others]) {
      const seconds = cpuSecondsOf(program, input)
      if (seconds === undefined) continue
      const known = microseconds.get(program.name) ?? []
      microseconds.set(program.name, [...known, (seconds * 1e6) / length.records])
    }
  }
  const ours = median(microseconds.get(own.name) ?? [])
  return others.map(({ name }): Row => {
    const theirs = microseconds.get(name)
    const what = `whole process, 1 KiB lines, beside ${name}`
    if (theirs === undefined) return notMeasured(what, '', 'not on the PATH, or it failed')
    const figures = {
      what,
      figure: `${ours.toFixed(1)} µs a record`,
      beside: `${median(theirs).toFixed(1)} µs`,
    }
    const ratio = ours / median(theirs)
    if (name === 'vrl') return judged(figures, ratio, { most: MOST_OF_VRL })
    return { ...figures, target: '', ratio, met: undefined, note: '' }
  })
}
