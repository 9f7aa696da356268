/** Runs processors on a batch again and again, as long as a query says so. */
import { Type } from '../../../crds/typebox.ts'
import type { Query } from '../../bloblang/mapping.ts'
import type { BuildContext, ProcessorChain } from '../../pipelines/build-context.ts'
import {
  defineProcessor,
  type Processor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import { processorsField, queryField } from '../../pipelines/fields.ts'
import type { Batch } from '../../pipelines/message.ts'
import { Turn } from '../../pipelines/turn.ts'

type Batches = readonly Batch[]

export const whileProcessor: ProcessorDefinition = defineProcessor({
  name: 'while',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Runs processors on a batch as long as a query is true.',
  description:
    'The query looks at the first message. A loop ends where it fails, and flags the messages; it ends when all were ' +
    'filtered, and when the pipeline is closed by force.',
  config: Type.Object({
    at_least_once: Type.Boolean({
      default: false,
      description: 'Whether the processors run once before the query is asked.',
    }),
    max_loops: Type.Integer({
      default: 0,
      minimum: 0,
      description: 'How often the processors run at most; 0 is without a limit.',
    }),
    check: queryField({
      description: 'Whether to go on. Empty is never, so that they run once with `at_least_once`.',
      default: '',
      examples: ['this.urls.length() > 0'],
    }),
    processors: processorsField({ description: 'What runs each time.' }),
  }),
  examples: [
    {
      title: 'Until it is large enough',
      config: { check: 'this.n < 100', processors: [{ mapping: 'root.n = this.n * 2' }] },
      given: [{ n: 3 }, { n: 200 }],
      then: [{ n: 192 }, { n: 200 }],
    },
  ],
  build: async (config, context) => {
    const chain = await context.processors(config.processors, ['processors'])
    const query = config.check.trim() === '' ? undefined : context.query(config.check)
    const { at_least_once: atLeastOnce, max_loops: loopsMax } = config
    return new While(context, { chain, query, atLeastOnce, loopsMax })
  },
})

interface WhileOptions {
  readonly chain: ProcessorChain
  readonly query: Query | undefined
  readonly atLeastOnce: boolean
  readonly loopsMax: number
}

class While implements Processor {
  readonly #context: BuildContext
  readonly #options: WhileOptions

  constructor(context: BuildContext, options: WhileOptions) {
    this.#context = context
    this.#options = options
  }

  /** A loop may be long: it gives others their turn. */
  async process(batch: Batch, signal: AbortSignal): Promise<Batches> {
    const { chain, atLeastOnce, loopsMax } = this.#options
    const turn = new Turn(this.#context.environment.clock)
    let batches: Batches = [batch]
    for (let loops = 0; loopsMax === 0 || loops < loopsMax; loops++) {
      if (!(atLeastOnce && loops === 0)) {
        const goesOn = this.#check(batches)
        if (goesOn === false) return batches
        if (goesOn !== true) return flagged(batches, goesOn)
      }
      const made: Batch[] = []
      for (const one of batches) made.push(...(await chain.run(one, signal)))
      batches = made
      if (batches.length === 0) return batches
      signal.throwIfAborted()
      if (turn.over()) await turn.pass()
    }
    return batches
  }

  close(): Promise<void> {
    return this.#options.chain.close()
  }

  /** Whether to go on, or why nobody knows. */
  #check([first]: Batches): boolean | ReturnType<BuildContext['failure']> {
    try {
      return first !== undefined && this.#options.query?.test(first, 0) === true
    } catch (thrown) {
      return this.#context.failure(thrown)
    }
  }
}

function flagged(batches: Batches, failure: ReturnType<BuildContext['failure']>): Batches {
  return batches.map((batch) => batch.map((message) => message.withFailure(failure)))
}
