/**
 * One YAML, two doors, equal verdicts: what the API server refuses, `headgate validate` refuses on the layers schema
 * and cel, and the other way round.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, inject, test } from 'vitest'
import { API_VERSION } from '../../crds/resource.ts'
import { mutatedObject } from './mutated-object.ts'
import { type Verdict, verdictOfOurs, verdictOfServer } from './verdict.ts'

const REFUSED: Verdict = { accepted: false, because: [] }
const FOLDER = join(import.meta.dirname, '../faulty')
const server = inject('apiServer')

/** Where we are stricter, and why. */
const STRICTER: Readonly<Record<string, string>> = {
  'label-value-null.yaml':
    'a label without a value is a slip, and the API server makes it empty text',
  'yaml-text-after-the-end-marker.yaml': 'the API server reads nothing behind an end marker',
  'name-generated.yaml': 'a file declares one resource, not another one each time it is read',
}

interface Case {
  readonly file: string
  readonly text: string
  readonly ours: Verdict
}

/** Files whose form alone is wrong are left out: those only we judge. */
async function casesOf(files: readonly string[]): Promise<readonly Case[]> {
  const read = files.map(async (file) => {
    const text = readFileSync(join(FOLDER, file), 'utf8')
    return { file, text, ours: await verdictOfOurs(file, text) }
  })
  return (await Promise.all(read)).flatMap(({ ours, ...one }) =>
    ours === undefined ? [] : [{ ...one, ours }],
  )
}

const cases = await casesOf(readdirSync(FOLDER).filter((file) => /\.(ya?ml|json)$/.test(file)))

describe('a faulty file has one verdict at both doors', () => {
  const [strict, alike] = [true, false].map((stricter) =>
    cases.filter(({ file }) => Object.hasOwn(STRICTER, file) === stricter),
  )

  test.each(alike ?? [])('$file', async ({ text, ours }) => {
    expectAgreement(ours, await verdictOfServer(server, text), text)
  })

  test('but for a few, of which we refuse more', async () => {
    const verdicts = await Promise.all(
      (strict ?? []).map(async ({ file, text, ours }) => [
        file,
        [ours.accepted, (await verdictOfServer(server, text)).accepted],
      ]),
    )
    const expected = Object.keys(STRICTER).map((file) => [file, [false, true]])
    expect(Object.fromEntries(verdicts)).toEqual(Object.fromEntries(expected))
  })
})

describe('a field of several forms has one verdict at both doors', () => {
  const never = [true, false, 0, 5, -1.5, [], ['a'], {}, { other: 'a' }, null, '', 'x'.repeat(1025)]
  const header = (value: unknown): object => ({
    kind: 'Sink',
    spec: {
      from: { stream: 'a' },
      endpoint: { type: 'standard', url: 'http://a', headers: { 'X-A': value } },
    },
  })
  const headers = [
    'text',
    { fromEnv: 'A' },
    { fromEnv: '' },
    { fromEnv: 5 },
    { fromEnv: 'A', fromFile: 'b' },
    { fromFile: 'b', more: 1 },
    { fromSecret: 'a' },
    { fromSecret: { name: 'a' } },
    { fromSecret: { name: 'a', key: 'b' } },
    { fromSecret: { name: 'a', key: 'b', more: 1 } },
  ]
  const property = (value: unknown, key?: number): object => ({
    kind: 'StreamType',
    spec: { properties: [{ id: 'a', type: value, ...(key === undefined ? {} : { key }) }] },
  })
  const types = [
    'Double',
    'NullableDouble',
    'DoubleArray',
    'reading',
    { array: 'Double' },
    { array: '' },
    { array: ['Double'] },
    { array: 'Double', more: 1 },
  ]
  const objects = [
    ...[...never, ...headers].map(header),
    ...[...never, ...types].flatMap((type) => [property(type), property(type, 1)]),
  ]

  test.each(objects.map((one) => [JSON.stringify(one).slice(0, 150), one]))(
    '%s',
    async (_, one) => {
      const object = { apiVersion: API_VERSION, metadata: { name: 'a' }, ...one }
      const text = JSON.stringify(object)
      const ours = await verdictOfOurs('a.json', text)
      expectAgreement(ours ?? REFUSED, await verdictOfServer(server, text), text)
    },
  )
})

test('whatever chance does to an object, it has one verdict at both doors', async () => {
  const seen = { accepted: 0, refused: 0 }
  const judge = async (object: unknown): Promise<void> => {
    const text = JSON.stringify(object)
    const ours = await verdictOfOurs('a.json', text)
    if (ours === undefined) return
    expectAgreement(ours, await verdictOfServer(server, text), text)
    seen[ours.accepted ? 'accepted' : 'refused']++
  }
  await fc.assert(fc.asyncProperty(mutatedObject, judge), { numRuns: 400 })
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(20)
})

function expectAgreement(ours: Verdict, theirs: Verdict, text: string): void {
  if (ours.accepted === theirs.accepted) return
  const said = (verdict: Verdict): string =>
    verdict.accepted ? 'accepts' : verdict.because.join('; ')
  expect.fail(`headgate: ${said(ours)}\nthe API server: ${said(theirs)}\n${text.slice(0, 2000)}`)
}
