import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import { runToEnd } from '../testing.ts'

test('lines are gathered one by one, and the file goes when the last batch of them was delivered', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'headgate-parted-'))
  await writeFile(join(directory, 'in'), 'a\nb\nc\nd\ne\n')
  const environment = testEnvironment({ directory })
  const child = { file: { paths: ['in'], delete_on_finish: true } }
  const processors = [{ archive: { format: 'concatenate' } }]
  await runToEnd(
    {
      input: { batched: { child, policy: { count: 2 } } },
      pipeline: { processors },
      output: { stdout: {} },
    },
    environment,
  )
  expect(environment.stdout.text).toBe('ab\ncd\ne\n')
  while ((await readdir(directory)).length > 0) await setImmediate()
  await rm(directory, { recursive: true })
})
