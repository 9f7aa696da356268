/**
 * What `--resources` gives to all pipelines of the namespace `default`: resources from files, of whoever started the
 * process. They are there before the first look, and the API replaces none of them.
 */
import { asHeadgateError, HeadgateError } from '../../engine/error.ts'
import { labelOf } from '../connect/given-resources.ts'
import { makeResource } from './connect-resources.ts'
import type { Running } from './running.ts'

/** Those that others are made of come first. */
const ORDER = ['rate_limit', 'cache', 'processor', 'input', 'output'] as const

/** Throws with the first that is wrong or cannot be made: nothing starts then. */
export async function placeGivenResources(running: Running): Promise<void> {
  const { resources, builders } = running.options
  if (resources === undefined) return
  const { problems } = await builders.inspectPipeline({ ...resources, ...ENDS })
  const wrong = problems.find(({ severity }) => severity === 'error')
  if (wrong !== undefined)
    throw new HeadgateError('Usage', `--resources: ${wrong.path.join('.')}: ${wrong.message}`, {
      hint: wrong.hint ?? 'headgate lint -r tells all of it, each in its place.',
    })
  for (const role of ORDER)
    for (const config of resources[`${role}_resources`] ?? []) {
      const label = labelOf(config)
      if (label === undefined)
        throw new HeadgateError(
          'Usage',
          `--resources: expected a label in each of ${role}_resources`,
        )
      await makeResource(role, label, config, running).catch((error: unknown) => {
        const { message, hint } = asHeadgateError(error)
        const more = hint === undefined ? {} : { hint }
        throw new HeadgateError('Usage', `--resources: ${role} ${label}: ${message}`, more)
      })
    }
}

const ENDS = { input: { generate: { mapping: 'root = deleted()' } }, output: { drop: {} } }
