/** Runs a function of a module of TypeScript or JavaScript on each message, in threads of its own. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseSizeBytes } from '../../../crds/size.ts'
import { Type } from '../../../crds/typebox.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type ConfigFault,
  defineProcessor,
  type Processor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import { parseConnectDuration } from '../../pipelines/connect-duration.ts'
import { referencesIn } from '../../pipelines/environment-variables.ts'
import { durationField } from '../../pipelines/fields.ts'
import { ModuleRunner } from '../typescript/module-runner.ts'

/** Less than this an empty thread takes by itself. */
export const MODULE_MEMORY_BYTES_MIN: number = 32 * 1024 * 1024
export const MODULE_DEADLINE_MS_MIN = 10

const MODULE_FILE = /\.(?:[mc]?js|m?ts)$/

interface TypescriptConfig {
  readonly module: string
  readonly deadline: string
  readonly memory_limit: string
}

export const typescript: ProcessorDefinition = defineProcessor({
  name: 'typescript',
  status: 'beta',
  effects: 'exec',
  summary: 'Runs a function of a module of TypeScript or JavaScript on each message.',
  description: `The default export of the module is called with one record after the other, and what it returns takes the record's place: a
record, a list of records, or null for none. It may be asynchronous. A module that exports \`batch\` instead is called
with all records of a batch. Types for both are in \`headgate/processor\`; \`headgate types\` writes what streams hold.

The module runs in threads of its own, with all of Node and the packages of its folder, but without environment variables.
What it throws, a promise that is rejected, \`process.exit\`, taking longer than \`deadline\` or more memory than
\`memory_limit\` flags that record, with file, line and column; the others go on. A change of the module, or of a file of yours
that it imports, is taken over when it is saved; one that does not load changes nothing, and the status says why.

It needs the grant \`commands\`, for the module may do whatever a command may.`,
  config: Type.Object({
    module: Type.String({
      minLength: 1,
      description:
        'The file; a relative path begins at the folder of the file that declares the pipeline.',
      examples: ['./clean.ts'],
    }),
    deadline: durationField({ default: '5s', description: 'How long one call may take.' }),
    memory_limit: Type.String({
      default: '256MiB',
      description: 'What the objects of a thread may take together.',
    }),
  }),
  // What is refused for its ending is not looked for.
  modules: ({ module }) =>
    isOpen(module) || MODULE_FILE.test(module) ? [{ module, path: ['module'] }] : [],
  needs: ({ module }) => [{ kind: 'command', name: module, path: ['module'] }],
  check: (config) => faultsOf(config),
  examples: [
    { title: 'A module beside the declaration', config: { module: './clean.ts' } },
    {
      title: 'With more time and memory',
      config: { module: './enrich.ts', deadline: '30s', memory_limit: '1GiB' },
    },
  ],
  build: (config, context) => processor(config, context),
})

function faultsOf({ module, deadline, memory_limit }: TypescriptConfig): readonly ConfigFault[] {
  const faults: ConfigFault[] = []
  if (!isOpen(module) && !MODULE_FILE.test(module)) {
    const message = `expected a file that ends in .ts, .mts, .js, .mjs or .cjs, got ${module}`
    faults.push({ path: ['module'], message })
  }
  const duration = parseConnectDuration(deadline)
  if (!isOpen(deadline) && duration.kind === 'none') {
    faults.push({ path: ['deadline'], message: 'expected a duration such as 5s, got none' })
  }
  if (duration.kind === 'duration' && duration.ms < MODULE_DEADLINE_MS_MIN) {
    const message = `expected a deadline of at least ${MODULE_DEADLINE_MS_MIN} ms, got ${deadline}`
    faults.push({ path: ['deadline'], message })
  }
  const bytes = parseSizeBytes(memory_limit)
  if (!isOpen(memory_limit) && (bytes === undefined || bytes < MODULE_MEMORY_BYTES_MIN)) {
    const message = `expected a size such as 256MiB, of at least 32MiB, got ${memory_limit}`
    faults.push({ path: ['memory_limit'], message })
  }
  return faults
}

const isOpen = (text: string): boolean => referencesIn(text).length > 0

async function processor(config: TypescriptConfig, context: BuildContext): Promise<Processor> {
  const { environment, label } = context
  const { clock, logger, namespace, name } = environment
  const folder = environment.configDirectory ?? environment.directory
  const runner = await ModuleRunner.start({
    url: pathToFileURL(resolve(folder, config.module)).href,
    folder,
    pipeline: name,
    namespace,
    label,
    clock,
    logger,
    deadlineMs: Math.max(context.durationMs(config.deadline) ?? 0, MODULE_DEADLINE_MS_MIN),
    memoryBytesMax: parseSizeBytes(config.memory_limit) ?? MODULE_MEMORY_BYTES_MIN,
    failed: (message, why) => message.withFailure(context.failure(why)),
    report: (trouble) => context.report(trouble),
  })
  return {
    async process(batch, signal) {
      const messages = await runner.run(batch, signal)
      return messages.length === 0 ? [] : [messages]
    },
    close: () => runner.close(),
  }
}
