/** Runs processors on the messages that a case is for; each message takes the first case that fits. */
import { type Static, Type } from '../../../crds/typebox.ts'
import type { Query } from '../../bloblang/mapping.ts'
import type { BuildContext, ProcessorChain } from '../../pipelines/build-context.ts'
import {
  defineProcessor,
  type Processor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import { processorsField, queryField } from '../../pipelines/fields.ts'
import type { Batch } from '../../pipelines/message.ts'
import { inOldOrder, type Part, type Placed, placedOf } from '../in-old-order.ts'
import { inTurn, whenReady } from '../in-turn.ts'

const caseSchema = Type.Object({
  check: queryField({
    description: 'Which messages it is for; empty is all that are left.',
    default: '',
    examples: ['this.type == "order"'],
  }),
  processors: processorsField({
    description: 'What runs on them, as one batch; with none they are left as they are.',
    default: [],
  }),
  fallthrough: Type.Boolean({
    default: false,
    description: 'Whether the next case is for what comes out of this one too, without a check.',
  }),
  continue: Type.Boolean({
    default: false,
    description: 'Whether what comes out of this case is checked by those that follow.',
  }),
})

export const switchProcessor: ProcessorDefinition = defineProcessor({
  name: 'switch',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Runs other processors on other messages: each takes the first case that fits.',
  description:
    'The messages of a case are a batch for its processors, and one batch in the old order comes out behind all. A check ' +
    'that fails flags the message, and no case is for it any more. What no case is for is left as it is.',
  config: Type.Array(caseSchema, {
    description: 'The cases, in the order in which they are tried.',
  }),
  examples: [
    {
      title: 'By type',
      config: [
        { check: 'this.type == "a"', processors: [{ mapping: 'root.is = "an a"' }] },
        { processors: [{ mapping: 'root.is = "another"' }] },
      ],
      given: [{ type: 'a' }, { type: 'b' }],
      then: [{ is: 'an a' }, { is: 'another' }],
    },
  ],
  build: async (config, context) => {
    const cases: Case[] = []
    for (const [index, one] of config.entries()) cases.push(await caseOf(one, index, context))
    return new Switch(cases, context)
  },
})

interface Case {
  /** Undefined is for all. */
  readonly query: Query | undefined
  readonly chain: ProcessorChain
  readonly next: 'done' | 'check' | 'run'
}

async function caseOf(
  config: Static<typeof caseSchema>,
  index: number,
  context: BuildContext,
): Promise<Case> {
  return {
    query: config.check.trim() === '' ? undefined : context.query(config.check),
    chain: await context.processors(config.processors, [index, 'processors']),
    next: config.fallthrough ? 'run' : config.continue ? 'check' : 'done',
  }
}

class Switch implements Processor {
  readonly #cases: readonly Case[]
  readonly #context: BuildContext

  constructor(cases: readonly Case[], context: BuildContext) {
    this.#cases = cases
    this.#context = context
  }

  process(batch: Batch, signal: AbortSignal): readonly Batch[] | Promise<readonly Batch[]> {
    const parts: Part[] = []
    let left: readonly Placed[] = batch.map((message, place) => ({ message, place }))
    const failed: Placed[] = []
    let fallen: readonly Placed[] = []
    const waits = inTurn(this.#cases.length, (index) => {
      const one = this.#cases[index]
      if (one === undefined) return
      const { fits, others } = this.#part(one, left, failed)
      const taken = [...fallen, ...fits].toSorted((a, b) => a.place - b.place)
      left = others
      fallen = []
      if (taken.length === 0) return
      const given = taken.map(({ message }) => message)
      const places = taken.map(({ place }) => place)
      return whenReady(one.chain.run(given, signal), (made) => {
        const part = { given, places, made }
        const isLast = index === this.#cases.length - 1
        if (one.next === 'done' || isLast) parts.push(part)
        else if (one.next === 'run') fallen = placedOf(part)
        else left = [...left, ...placedOf(part)].toSorted((a, b) => a.place - b.place)
      })
    })
    const result = (): readonly Batch[] => {
      const rest = [...left, ...failed].toSorted((a, b) => a.place - b.place)
      const given = rest.map(({ message }) => message)
      return inOldOrder([
        ...parts,
        { given, places: rest.map(({ place }) => place), made: [given] },
      ])
    }
    return waits === undefined ? result() : waits.then(result)
  }

  async close(): Promise<void> {
    for (const { chain } of this.#cases) await chain.close()
  }

  /** Those whose check fails are flagged, and no case looks at them again. */
  #part(
    { query }: Case,
    left: readonly Placed[],
    failed: Placed[],
  ): { readonly fits: readonly Placed[]; readonly others: readonly Placed[] } {
    if (query === undefined) return { fits: left, others: [] }
    const batch = left.map(({ message }) => message)
    const fits: Placed[] = []
    const others: Placed[] = []
    for (const [index, placed] of left.entries()) {
      try {
        if (query.test(batch, index)) fits.push(placed)
        else others.push(placed)
      } catch (thrown) {
        const message = placed.message.withFailure(this.#context.failure(thrown))
        failed.push({ message, place: placed.place })
      }
    }
    return { fits, others }
  }
}
