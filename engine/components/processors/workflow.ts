/** Runs branches on each message in stages, those of a stage at once. */
import { Type } from '../../../crds/typebox.ts'
import { splitPath } from '../../bloblang/values/dot-path.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type ConfigFault,
  defineProcessor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import { branchLabelsField, mappingField, processorsField } from '../../pipelines/fields.ts'
import { type Branch, type BranchConfig, branchOf } from '../branch.ts'
import { WorkflowRun } from '../workflow-run.ts'
import { inferStages } from '../workflow-stages.ts'

const branchSchema = Type.Object({
  request_map: mappingField({
    default: '',
    description: 'What is sent; empty is a copy of the message. deleted() skips the branch.',
  }),
  processors: processorsField({ description: 'What runs on the requests.' }),
  result_map: mappingField({
    default: '',
    description: 'What is taken over: `this` is the result, and `root` the message.',
  }),
})

export const workflow: ProcessorDefinition = defineProcessor({
  name: 'workflow',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Runs branches on each message in stages, those of a stage at once.',
  description: `The stages follow from the mappings: a branch waits for those whose \`result_map\` writes what its \`request_map\` reads, in
the document or in the metadata. Where a text does not tell (a variable, a computed name, the whole document) say it by
\`order\`.

At \`meta_path\` each message tells which branches \`succeeded\`, which were \`skipped\`, and by name why others \`failed\`; it
is not flagged for those. A message that comes with that object again, after a replay for instance, skips what succeeded
or was skipped, and keeps the object as \`previous\`; a list \`apply\` in it names the only branches to run. With an empty
\`meta_path\` a branch that fails flags the message.`,
  config: Type.Object({
    meta_path: Type.String({
      default: 'meta.workflow',
      description: 'Dot path of what is told of the branches; empty tells nothing.',
    }),
    order: Type.Array(Type.Array(Type.String()), {
      default: [],
      description: 'The stages, in place of those that follow from the mappings.',
      examples: [[['user', 'region'], ['greeting']]],
    }),
    branch_resources: branchLabelsField({
      default: [],
      description: 'Labels of `branch` processors of `processor_resources`, which take part too.',
    }),
    branches: Type.Record(Type.String(), branchSchema, {
      default: {},
      description: 'The branches, by their names.',
    }),
  }),
  check: ({ order, branch_resources, branches }) =>
    orderFaults(order, [...branch_resources, ...Object.keys(branches)]),
  examples: [
    {
      title: 'A greeting that needs a name',
      config: {
        branches: {
          greeting: {
            request_map: 'root = this.name',
            processors: [{ mapping: 'root = "hello " + content().string()' }],
            result_map: 'root.greeting = content().string()',
          },
          name: {
            request_map: 'root = this.id',
            processors: [{ mapping: 'root = "n%v".format(this)' }],
            result_map: 'root.name = content().string()',
          },
        },
      },
      given: [{ id: 7 }],
      then: [
        {
          greeting: 'hello n7',
          id: 7,
          meta: { workflow: { succeeded: ['greeting', 'name'] } },
          name: 'n7',
        },
      ],
    },
  ],
  build: async (config, context) => {
    const configs = await branchConfigs(config.branches, config.branch_resources, context)
    const stages = config.order.length > 0 ? config.order : inferStages(configs)
    const branches = new Map<string, Branch>()
    for (const [name, branch] of configs) {
      const at = name in config.branches ? ['branches', name] : ['branch_resources', name]
      branches.set(name, await branchOf(branch, at, context))
    }
    const path = config.meta_path === '' ? undefined : splitPath(config.meta_path)
    const run = new WorkflowRun(stages, branches, path, (thrown) => context.failure(thrown))
    return {
      process: (batch, signal) => run.process(batch, signal),
      close: async () => {
        for (const branch of branches.values()) await branch.close()
      },
    }
  },
})

async function branchConfigs(
  inline: Readonly<Record<string, BranchConfig>>,
  labels: readonly string[],
  context: BuildContext,
): Promise<ReadonlyMap<string, BranchConfig>> {
  const configs = new Map(Object.entries(inline))
  for (const label of labels) {
    const { name, config } = await context.processorConfig(label)
    if (name !== 'branch') {
      const message = `expected ${label} of processor_resources to be a branch, got ${name}`
      throw new HeadgateError('ComponentConfigInvalid', message)
    }
    configs.set(label, config as BranchConfig)
  }
  return configs
}

function orderFaults(
  order: readonly (readonly string[])[],
  names: readonly string[],
): readonly ConfigFault[] {
  const faults: ConfigFault[] = []
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    faults.push({
      path: ['branch_resources'],
      message: `expected each name once, got ${twice} twice`,
    })
  }
  const seen = new Set<string>()
  for (const [stage, list] of order.entries()) {
    for (const [index, name] of list.entries()) {
      const path = ['order', stage, index]
      if (!names.includes(name)) {
        faults.push({ path, message: `expected the name of a branch, got ${JSON.stringify(name)}` })
      } else if (seen.has(name)) {
        faults.push({ path, message: `expected each branch once, got ${name} again` })
      }
      seen.add(name)
    }
  }
  const left = order.length === 0 ? [] : names.filter((name) => !seen.has(name))
  if (left.length > 0) {
    faults.push({
      path: ['order'],
      message: `expected all branches, got none of ${left.join(', ')}`,
    })
  }
  return faults
}
