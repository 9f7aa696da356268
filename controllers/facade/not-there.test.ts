import { expect, test } from 'vitest'
import { startControlPlane } from '../start-control-plane.ts'
import { declare, FakeSource, invalid, setOf, worldOf } from '../testing.ts'

test('who works with what does not run is told whether it is declared, or another kind', async () => {
  const members = [
    invalid('Pipeline', 'broken'),
    declare('Stream', 'orders'),
    declare('Sink', 'out', {
      from: { stream: 'orders' },
      endpoint: { type: 'standard', url: 'http://127.0.0.1:8080/in' },
    }),
  ]
  await using plane = await startControlPlane(worldOf([new FakeSource(setOf(members))]).options)
  await plane.sources.firstConvergence()
  const told = async (kind: 'Pipeline' | 'Sink', name: string): Promise<unknown> => {
    const identity = { kind, namespace: 'default', name } as const
    const wish = { to: { kind: 'earliest' }, dryRun: true } as never
    const refusals: unknown[] = []
    const note = ({ code, message, hint }: Record<string, unknown>): void => {
      refusals.push([code, message, hint])
    }
    try {
      plane.taps.places(identity)
    } catch (thrown) {
      note(thrown as Record<string, unknown>)
    }
    await plane.runs.reset(identity, wish).catch(note)
    expect(refusals[1]).toEqual(refusals[0])
    return refusals[0]
  }
  expect(await told('Pipeline', 'broken')).toEqual([
    'Conflict',
    'Pipeline default/broken is declared, but has never run.',
    'Why: headgate describe pipeline broken',
  ])
  expect(await told('Pipeline', 'out')).toEqual([
    'NotFound',
    'There is no Pipeline default/out.',
    'There is a Sink of that name: write sink/out',
  ])
  expect(await told('Pipeline', 'none')).toEqual([
    'NotFound',
    'There is no Pipeline default/none.',
    'Those that there are: headgate get pipelines -A',
  ])
})
