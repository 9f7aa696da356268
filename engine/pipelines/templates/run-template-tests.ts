/** Runs the tests of a template: what its mapping makes of a config is sound, and what was expected. */
import { checkConfig } from '../config-check.ts'
import { inspectPipeline } from '../inspect-pipeline.ts'
import type { ConfigProblem } from '../pipeline.ts'
import { differenceText, jsonDifferences } from '../testing-kit/json-differences.ts'
import type { TestResult } from '../testing-kit/run-tests.ts'
import type { TestFailure } from '../testing-kit/test-failure.ts'
import { expandTemplates, expansionOf } from './expand-templates.ts'
import type { Template, Templates, TemplateTest } from './template.ts'

/** `others` are templates that it may use. */
export async function runTemplateTests(
  template: Template,
  others: Templates,
): Promise<readonly TestResult[]> {
  const results: TestResult[] = []
  for (const [index, test] of template.tests.entries()) {
    results.push({ index, name: test.name, failures: await failuresOf(template, test, others) })
  }
  return results
}

async function failuresOf(
  template: Template,
  { config, expected, label }: TemplateTest,
  others: Templates,
): Promise<readonly TestFailure[]> {
  const wrong: ConfigProblem[] = []
  checkConfig(template.config, config, ['config'], {
    problem: (found) => wrong.push(found),
    field: () => {},
  })
  if (wrong.length > 0) return wrong.map(({ path, message }) => ({ path, message, details: [] }))
  const made = expansionOf(template, config, label)
  if (!made.ok) return [{ path: ['config'], message: made.because, details: [] }]
  const differences = expected === undefined ? [] : jsonDifferences(expected, made.config)
  if (differences.length > 0) {
    const message = 'the config that is made differs'
    return [{ path: ['expected'], message, details: differences.map(differenceText) }]
  }
  const templates = new Map(others).set(`${template.role} ${template.name}`, template)
  const { config: whole } = await expandTemplates(specOf(template, made.config), templates)
  const { problems } = await inspectPipeline(whole, { unused: true })
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return []
  const details = errors.map(({ path, message }) => `${path.join('.')}: ${message}`)
  return [{ path: ['config'], message: 'the config that is made is not sound', details }]
}

function specOf({ role }: Template, config: Readonly<Record<string, unknown>>): object {
  if (role === 'processor') return { pipeline: { processors: [config] } }
  if (role === 'cache' || role === 'rate_limit') {
    return { [`${role}_resources`]: [{ label: 'template', ...config }] }
  }
  return { [role]: config }
}
