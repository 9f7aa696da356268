import { expect, test } from 'vitest'
import { combineGates, type WriteGate } from './write-gate.ts'

test('gates are asked in their order, each of them, until one refuses', () => {
  const calls: string[] = []
  let refuses = false
  const gateOf = (name: string): WriteGate => ({
    admit: (parts) => {
      calls.push(`${name} admit ${parts.length}`)
      if (refuses) throw new Error(name)
    },
    admitStream: () => {
      calls.push(`${name} stream`)
      if (refuses) throw new Error(name)
    },
    released: (incarnation, bytes) => void calls.push(`${name} released ${incarnation} ${bytes}`),
    removed: (incarnation) => void calls.push(`${name} removed ${incarnation}`),
    load: (streams) => void calls.push(`${name} load ${[...streams].length}`),
  })
  const gate = combineGates([gateOf('a'), gateOf('b')])
  const told = (): readonly string[] => calls.splice(0)
  gate.admit([])
  gate.admitStream()
  gate.released(1, 2)
  gate.removed(3)
  // An iterable that can be walked once reaches both.
  gate.load([{ name: 's', incarnation: 1, bytes: 1 }].values())
  expect(told()).toEqual([
    'a admit 0',
    'b admit 0',
    'a stream',
    'b stream',
    'a released 1 2',
    'b released 1 2',
    'a removed 3',
    'b removed 3',
    'a load 1',
    'b load 1',
  ])
  refuses = true
  expect(() => gate.admit([])).toThrow('a')
  expect(() => gate.admitStream()).toThrow('a')
  expect(told()).toEqual(['a admit 0', 'a stream'])
})
