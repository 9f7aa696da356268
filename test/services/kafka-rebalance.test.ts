/** Members of a group that come and go, some without a word, while messages are written: each of them arrives. */
import { expect, inject, it } from 'vitest'
import { started } from '../../engine/components/testing.ts'
import type { Pipeline } from '../../engine/pipelines/pipeline.ts'
import { type TestEnvironment, testEnvironment } from '../../engine/pipelines/testing.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { until } from '../harness/headgate-process.ts'
import { committedOffsets, createTopic, produceTexts } from './kafka-client.ts'

const { open } = inject('kafka')
const PARTITIONS = 4
const ROUNDS = 40

it('loses nothing while members come and go', async () => {
  const seed = Math.floor(performance.timeOrigin % 1_000_000)
  const random = new SeededRandom(seed)
  const environments: TestEnvironment[] = []
  const members: Pipeline[] = []
  const join = async (): Promise<void> => {
    const environment = testEnvironment()
    environments.push(environment)
    const kafka = {
      addresses: [open],
      topics: ['crowd'],
      consumer_group: 'crowd',
      commit_period: '20ms',
      checkpoint_limit: 16,
      group: { session_timeout: '2s', heartbeat_interval: '50ms', rebalance_timeout: '3s' },
    }
    const processors = [{ sleep: { duration: '1ms' } }]
    members.push(
      await started(
        { input: { kafka }, pipeline: { processors }, output: { stdout: {} } },
        environment,
      ),
    )
  }
  await createTopic(open, 'crowd', PARTITIONS)
  await join()
  let sent = 0
  for (let round = 0; round < ROUNDS; round++) {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const texts = Array.from({ length: 10 }, () => `m${sent++}`)
      await produceTexts(open, 'crowd', texts, partition)
    }
    const chance = random.next()
    if (members.length < 3 && chance < 0.3) await join()
    else if (members.length > 1 && chance < 0.5) {
      const [gone] = members.splice(Math.floor(random.next() * members.length), 1)
      // By force: what it has under way is not waited for.
      await gone?.stop(random.next() < 0.5 ? 0 : 5_000)
    }
  }
  const seen = (): ReadonlySet<string> =>
    new Set(environments.flatMap(({ stdout }) => stdout.text.split('\n').filter(Boolean)))
  await until(`all ${sent} messages (seed ${seed})`, () => seen().size === sent || undefined)
  const all = [0, 1, 2, 3]
  await until(`the commit of all (seed ${seed})`, async () => {
    const offsets = await committedOffsets(open, 'crowd', 'crowd', all)
    return offsets.every((offset) => offset === sent / PARTITIONS) || undefined
  })
  for (const member of members) expect(await member.stop(5_000)).toBe('drained')
  const delivered = environments.reduce(
    (sum, { stdout }) => sum + stdout.text.split('\n').length - 1,
    0,
  )
  expect(delivered).toBeLessThan(3 * sent)
})
