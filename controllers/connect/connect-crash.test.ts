/** A process that dies at any write while streams are posted: the former set is in force after a start, or the new one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Death, mortality } from '../../test/harness/death-at-write.ts'
import { postedWorld, settle } from '../posted/testing.ts'
import { type RunningControlPlane, startControlPlane } from '../start-control-plane.ts'
import type { World } from '../testing.ts'

const WRITE = { chilled: false, dryRun: false }
const configOf = (count: number): string =>
  `input: {generate: {mapping: "root = ${count}", interval: 1h}}\noutput: {drop: {}}`
const bodyOf = (streams: Record<string, string>): Uint8Array =>
  Buffer.from(
    Object.entries(streams)
      .map(([id, config]) => `${id}:\n${config.replace(/^/gm, '  ')}\n`)
      .join(''),
  )
const FORMER = bodyOf({ a: configOf(1), b: configOf(1), gone: configOf(1) })
const NEW = bodyOf({ a: configOf(1), b: configOf(2), c: configOf(1) })

async function start(world: World): Promise<RunningControlPlane> {
  const plane = await startControlPlane(world.options)
  await plane.sources.firstConvergence()
  return plane
}

async function crashAt(
  step: number,
  when: Death['when'],
): Promise<{ readonly died: boolean; readonly inForce: string }> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-connect-crash-'))
  try {
    const doomed = await start(postedWorld({ dataDirectory }))
    await doomed.connect.replaceAll(FORMER, WRITE)
    const died = mortality.dieAt(step, when)
    const answered = await doomed.connect.replaceAll(NEW, WRITE).then(
      () => true,
      () => false,
    )
    await Promise.allSettled([doomed[Symbol.asyncDispose]()])
    mortality.revive()
    const world = postedWorld({ dataDirectory })
    const again = await start(world)
    await settle(world)
    const inForce = expectOneOfBoth(world, again)
    if (answered) expect(inForce).toBe('new')
    await again[Symbol.asyncDispose]()
    return { died: died.dead, inForce }
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

/** What runs, what is listed and what is shown are one and the same set. */
function expectOneOfBoth({ pipelines }: World, { connect }: RunningControlPlane): string {
  const listed = connect.list()
  const inForce = listed.some(({ id }) => id === 'c') ? 'new' : 'former'
  const ids = inForce === 'new' ? ['a', 'b', 'c'] : ['a', 'b', 'gone']
  expect(listed.map(({ id, active }) => `${id} ${active}`)).toEqual(ids.map((id) => `${id} true`))
  const mapping = inForce === 'new' ? 'root = 2' : 'root = 1'
  expect(connect.config('b')).toMatchObject({ input: { generate: { mapping } } })
  const running = pipelines.filter(({ phase }) => phase === 'running')
  expect(running).toHaveLength(3)
  expect(running.some(({ config }) => JSON.stringify(config).includes('root = 2'))).toBe(
    inForce === 'new',
  )
  return inForce
}

describe('a crash at any write of a posted set of streams, then a start', () => {
  for (const when of ['before', 'after'] as const)
    test(`finds the former set in force or the new one, killed ${when} the write`, async () => {
      mortality.watchWrites()
      const found: string[] = []
      for (let step = 1; ; step += 1) {
        const { died, inForce } = await crashAt(step, when)
        if (!died) break
        found.push(inForce)
        expect(step).toBeLessThan(100)
      }
      expect(found.length).toBeGreaterThan(5)
      // There is one point before which it is the one, and after which it is the other.
      expect([...found].sort()).toEqual(found)
      expect(new Set(found).size).toBe(2)
    })
})
