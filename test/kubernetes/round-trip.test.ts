/** What goes through the API server is the same resource as what is read from a file: its digest says so. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { readTexts } from '../../controllers/sets/testing.ts'
import { kinds } from '../../crds/kinds.ts'
import { identityText, KINDS } from '../../crds/resource.ts'
import { call, kubectl } from './api-server.ts'
import { namespace, objectsPath } from './objects.ts'

const EXAMPLES = join(import.meta.dirname, '../../examples')
const server = inject('apiServer')

describe('a resource has one digest at both doors', () => {
  for (const kind of KINDS)
    test(`the example of ${kind}`, () => passesThrough({ 'example.yaml': kinds[kind].example }))

  for (const folder of readdirSync(EXAMPLES).filter((name) => /^\d/.test(name))) {
    test(`examples/${folder}`, () => passesThrough(textsOf(join(EXAMPLES, folder))))
  }

  test('whatever was written in another way, or as null', () =>
    passesThrough({ 'a.yaml': NULLS_AND_OTHER_WRITINGS }, 'create'))
})

test('client-side apply drops nulls, also in what is taken as written: a component needs its {}', async () => {
  const where = await namespace(server)
  await kubectl(server, ['apply', '-n', where, '-f', '-'], NULLS_AND_OTHER_WRITINGS)
  const { body } = await call(server, 'GET', `${objectsPath('Pipeline', where)}/b`)
  expect([body.spec.input, body.spec.output]).toEqual([{}, { label: 'out' }])
})

const NULLS_AND_OTHER_WRITINGS = `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata:
  name: a
  labels: {team: north}
  annotations: {example.com/note: "yes"}
spec: {type: null, shards: 0x10, retention: {age: 168h, bytes: 1024MiB}, metadata: {since: 2026-01-31}}
---
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata:
  name: b
spec: {input: {stdin: null}, pipeline: {threads: -1, processors: [{noop: {}}]}, output: {label: out, stdout: }}
`

async function passesThrough(
  texts: Readonly<Record<string, string>>,
  verb: 'apply' | 'create' = 'apply',
): Promise<void> {
  const where = await namespace(server)
  const moved = Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      text.replace(/^metadata:\n/gm, `metadata:\n  namespace: ${where}\n`),
    ]),
  )
  const files = await readTexts(moved, { known: () => true })
  expect(files.problems.filter(({ severity }) => severity === 'error')).toEqual([])
  expect(files.members.size).toBeGreaterThan(0)
  for (const text of Object.values(moved)) {
    const applied = await kubectl(server, [verb, '--validate=strict', '-f', '-'], text)
    expect(applied).toMatchObject({ status: 0, stderr: '' })
  }
  const there: Record<string, string> = {}
  for (const { identity } of files.members.values()) {
    const path = `${objectsPath(identity.kind, where)}/${identity.name}`
    there[`${identity.kind}-${identity.name}.json`] = JSON.stringify(
      (await call(server, 'GET', path)).body,
    )
  }
  expect(digestsOf(await readTexts(there, { known: () => true }))).toEqual(digestsOf(files))
}

/** Every YAML file beneath a folder that holds resources. */
function textsOf(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = names.filter(
    (name) => /\.ya?ml$/.test(name) && statSync(join(folder, name)).isFile(),
  )
  const texts = files.map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const)
  return Object.fromEntries(texts.filter(([, text]) => /^kind:/m.test(text)))
}

function digestsOf({ members }: Awaited<ReturnType<typeof readTexts>>): unknown {
  const entries = [...members.values()].map((member) => [
    identityText(member.identity),
    member.state === 'valid' ? member.resource.digest : member.problems,
  ])
  return Object.fromEntries(entries)
}
