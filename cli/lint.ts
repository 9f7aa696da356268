/** `headgate lint [PATH…]`: lints Connect configs, our documents, and the configs that Markdown pages show. */
import { lintText } from '../controllers/connect/lint-text.ts'
import type { Problem } from '../controllers/sets/problem.ts'
import type { LintOptions } from '../engine/pipelines/lints.ts'
import { counted } from './amounts.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  outputOption,
  textOption,
  textOptions,
} from './command.ts'
import { RESOURCES_OPTION, TEMPLATES_OPTION } from './connect-options.ts'

export const lint: CommandDefinition = {
  name: 'lint',
  summary: 'Lint Connect configs and pipelines, also those that Markdown pages show.',
  arguments: [
    {
      name: 'PATH',
      required: false,
      repeated: true,
      summary: 'Files, folders with all beneath them, or patterns; else the working directory.',
    },
  ],
  options: [
    { flags: '--deprecated', summary: 'Report what is deprecated.' },
    { flags: '--labels', summary: 'Report components without a label.' },
    {
      flags: '--skip-env-var-check',
      summary: 'Let environment variables pass that are not set and have no default.',
    },
    RESOURCES_OPTION,
    TEMPLATES_OPTION,
    outputOption(['text', 'json', 'sarif', 'github'], 'text'),
  ],
  examples: [
    'headgate lint ./streams -r ./resources',
    'headgate lint config.yaml README.md --labels',
    "headgate lint './**/*.yaml' -o sarif",
  ],
  run: runLint,
}

async function runLint(invocation: Invocation): Promise<number> {
  const [{ namedFiles }, { sharedResources }, { lintFile }, { engineInspector }, { moduleFault }] =
    await Promise.all([
      import('./config-paths.ts'),
      import('./shared-resources.ts'),
      import('../controllers/configs/lint-file.ts'),
      import('./inspector.ts'),
      import('./module-fault.ts'),
    ])
  const paths = invocation.arguments.length === 0 ? ['.'] : invocation.arguments
  const files = await namedFiles(paths)
  const resources = await sharedResources(textOptions(invocation, 'resources'))
  const { givenTemplates } = await import('./given-templates.ts')
  const templates = await givenTemplates(textOptions(invocation, 'templates'), files)
  const inspector = { ...engineInspector, templates }
  const options = { lints: lintsOf(invocation), resources, inspector, moduleFault }
  const problems: Problem[] = []
  for (const { path, bytes, found } of files) {
    problems.push(...(await lintFile(path, bytes, { ...options, strangers: found })))
  }
  await print(invocation, problems, files)
  const seen = counted(files.length, 'file')
  const lints = problems.length === 0 ? 'no lints' : counted(problems.length, 'lint')
  invocation.terminal.say(`${seen}: ${lints}`)
  return problems.length === 0 ? 0 : 1
}

function lintsOf(invocation: Invocation): LintOptions {
  return {
    deprecated: flagOption(invocation, 'deprecated'),
    labels: flagOption(invocation, 'labels'),
    ...(flagOption(invocation, 'skipEnvVarCheck')
      ? {}
      : { env: (name: string) => process.env[name] }),
  }
}

async function print(
  invocation: Invocation,
  problems: readonly Problem[],
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  const { terminal } = invocation
  if (textOption(invocation, 'output') === 'text') {
    // As Connect writes them: what reads its lints reads these.
    for (const problem of problems) await terminal.print(`${problem.file}${lintText(problem)}\n`)
    return
  }
  const { printedText } = await import('./validate.ts')
  const texts = new Map(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]))
  const names = files.map(({ path }) => path)
  await terminal.print(await printedText({ problems, files: names, texts }, invocation))
}
