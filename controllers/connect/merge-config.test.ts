import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plainValue } from '../sets/tree.ts'
import { mergeConfig, mergeTree } from './merge-config.ts'
import { readPosted } from './read-posted.ts'

const config = fc.dictionary(
  fc.constantFrom('a', 'b', 'c'),
  fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, 1, 'text'),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
    ),
  })).value,
)

describe('a merged tree', () => {
  test('says the same as the merged config', () => {
    fc.assert(
      fc.property(config, config, (onto, patch) => {
        const { tree } = readPosted(Buffer.from(JSON.stringify(patch)), 'a patch')
        expect(plainValue(mergeTree(onto, tree))).toEqual(mergeConfig(onto, patch))
      }),
    )
  })

  test('places what the patch says where it says it, and all else at the key that leads there', () => {
    const { source, tree } = readPosted(Buffer.from('x: 1\noutput:\n  stdout: {}\n'), 'a patch')
    const merged = mergeTree({ output: { drop: { a: 1 } } }, tree)
    const output = merged.entries.find(({ key }) => key === 'output')?.value
    const lines = output?.kind === 'map' ? output.entries : []
    const places = lines.map(({ key, keySpan }) => {
      const { line, column } = source.place(keySpan.start)
      return [key, line, column]
    })
    expect(places).toEqual([
      ['drop', 2, 1],
      ['stdout', 3, 3],
    ])
  })
})
