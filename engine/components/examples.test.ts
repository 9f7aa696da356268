/** Every example of every component is a config that is accepted; those that say what comes out are run. */
import { describe, expect, test } from 'vitest'
import { componentNames, loadComponent } from '../pipelines/component-registry.ts'
import { inspectPipeline } from '../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../pipelines/testing.ts'
import { runToEnd, textFiles } from './testing.ts'

function errorsOf(problems: Awaited<ReturnType<typeof inspectPipeline>>['problems']) {
  return problems.filter(({ severity }) => severity === 'error')
}

/** What a pipeline writes, one document a line. */
async function written(
  spec: unknown,
  texts: Readonly<Record<string, string>> = {},
): Promise<unknown[]> {
  const environment = testEnvironment({ files: textFiles(texts) })
  await runToEnd(spec, environment)
  const lines = environment.stdout.text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line))
}

const stdout = { stdout: {} }

describe('the examples of inputs', async () => {
  for (const name of componentNames('input')) {
    const definition = await loadComponent('input', name)
    for (const { title, config, resources, then: expected } of definition?.examples ?? []) {
      test(`${name}: ${title}`, async () => {
        const spec = { input: { [name]: config }, output: stdout, ...resources }
        expect(errorsOf((await inspectPipeline(spec)).problems)).toEqual([])
        if (expected !== undefined) expect(await written(spec)).toEqual(expected)
      })
    }
  }
})

describe('the examples of processors', async () => {
  for (const name of componentNames('processor')) {
    const definition = await loadComponent('processor', name)
    for (const example of definition?.examples ?? []) {
      const { title, config, given, resources, files, then: expected } = example
      test(`${name}: ${title}`, async () => {
        const texts = JSON.stringify(given)
        const spec = {
          input: {
            generate: {
              mapping: `root = ${texts}.index(counter() - 1)`,
              interval: '',
              count: given?.length ?? 0,
            },
          },
          pipeline: { threads: 1, processors: [{ [name]: config }] },
          output: stdout,
          ...resources,
        }
        expect(errorsOf((await inspectPipeline(spec)).problems)).toEqual([])
        if (given !== undefined) expect(await written(spec, files)).toEqual(expected)
      })
    }
  }
})

describe('the examples of caches and rate limits', async () => {
  for (const role of ['cache', 'rate_limit'] as const) {
    for (const name of componentNames(role)) {
      const definition = await loadComponent(role, name)
      for (const { title, config } of definition?.examples ?? []) {
        test(`${name}: ${title}`, async () => {
          const entry = { label: 'one', [name]: config }
          const spec = { input: { stdin: {} }, output: stdout, [`${role}_resources`]: [entry] }
          expect(errorsOf((await inspectPipeline(spec)).problems)).toEqual([])
        })
      }
    }
  }
})

describe('the examples of outputs', async () => {
  for (const name of componentNames('output')) {
    const definition = await loadComponent('output', name)
    for (const { title, config, resources } of definition?.examples ?? []) {
      test(`${name}: ${title}`, async () => {
        const spec = { input: { stdin: {} }, output: { [name]: config }, ...resources }
        expect(errorsOf((await inspectPipeline(spec)).problems)).toEqual([])
      })
    }
  }
})

describe('the examples of buffers', async () => {
  for (const name of componentNames('buffer')) {
    const definition = await loadComponent('buffer', name)
    for (const { title, config } of definition?.examples ?? []) {
      test(`${name}: ${title}`, async () => {
        const spec = { input: { stdin: {} }, buffer: { [name]: config }, output: stdout }
        expect(errorsOf((await inspectPipeline(spec)).problems)).toEqual([])
      })
    }
  }
})
