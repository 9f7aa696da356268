/** Reads inputs one after the other, or joins what they give by an id. */
import { Type } from '../../../crds/typebox.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import { inputsField } from '../../pipelines/fields.ts'
import { JoiningSequence } from './joining-sequence.ts'
import { RetiredInputs } from './retired-inputs.ts'
import type { MergeStrategy } from './sharded-join.ts'

const JOIN_TYPES = ['none', 'full-outer', 'outer', 'full-outter', 'outter'] as const
const STRATEGIES = ['array', 'replace', 'keep'] as const

/** More would read the inputs so often that a database is the better tool. */
export const SEQUENCE_ITERATIONS_MAX = 10_000

export const sequence: InputDefinition = defineInput({
  name: 'sequence',
  status: 'stable',
  effects: 'none',
  summary: 'Reads inputs one after the other.',
  description: `Each is opened when the one before it ended, which all of them but the last should do.

With \`sharded_join\` all inputs are read, and documents with the same id become one: \`full-outer\` gives one for every
id when all inputs were read, \`outer\` one for each document of the last input. Fields with the same name in several
documents are lists (\`array\`), the newest (\`replace\`) or the oldest (\`keep\`); objects are merged field by field. What
has no id is left out. Ids are held in memory; with \`iterations\` the inputs are read that often, and each time another
part of the ids is joined. What went into a join is acknowledged once all of the iteration is delivered.`,
  config: Type.Object({
    sharded_join: Type.Object(
      {
        type: Type.Unsafe<(typeof JOIN_TYPES)[number]>({
          type: 'string',
          enum: JOIN_TYPES,
          default: 'none',
          description: '`full-outter` and `outter` are older spellings.',
        }),
        id_path: Type.String({
          default: '',
          description: 'Dot path to the field that says which documents belong together.',
          examples: ['user.id'],
        }),
        iterations: Type.Integer({
          default: 1,
          minimum: 1,
          maximum: SEQUENCE_ITERATIONS_MAX,
          description: 'How often the inputs are read: more take longer, and less memory.',
        }),
        merge_strategy: Type.Unsafe<MergeStrategy>({
          type: 'string',
          enum: STRATEGIES,
          default: 'array',
          description: 'What becomes of fields that several documents have.',
        }),
      },
      { default: {}, description: 'Joins the documents of all inputs by an id.' },
    ),
    inputs: inputsField({ description: 'The inputs, in order.' }),
  }),
  nack: 'source',
  atLeastOnceBecause: ({ sharded_join }) =>
    sharded_join.type === 'none'
      ? undefined
      : 'the input sequence joins documents, and their positions are committed after the delivery',
  check: ({ inputs, sharded_join: { type, id_path } }) => [
    ...(inputs.length > 0
      ? []
      : [{ path: ['inputs'], message: 'expected at least 1 input, got none' }]),
    ...(type === 'none' || id_path !== ''
      ? []
      : [{ path: ['sharded_join', 'id_path'], message: 'expected a path to join by, got none' }]),
  ],
  examples: [
    {
      title: 'A greeting first',
      config: {
        inputs: [
          { generate: { mapping: 'root.say = "hello"', interval: '', count: 1 } },
          { generate: { mapping: 'root.n = counter()', interval: '', count: 2 } },
        ],
      },
      then: [{ say: 'hello' }, { n: 1 }, { n: 2 }],
    },
    {
      title: 'People and their hobbies',
      config: {
        sharded_join: { type: 'full-outer', id_path: 'id', merge_strategy: 'array' },
        inputs: [
          { generate: { mapping: 'root = {"id": "a", "hobby": "chess"}', interval: '', count: 1 } },
          {
            generate: {
              mapping: 'root = {"id": "a", "age": 30, "hobby": "go"}',
              interval: '',
              count: 1,
            },
          },
        ],
      },
      then: [{ age: 30, hobby: ['chess', 'go'], id: 'a' }],
    },
  ],
  build: async ({ sharded_join: join, inputs }, context) => {
    const { clock } = context.environment
    const open = (index: number): Promise<Input> => context.input(inputs[index], ['inputs', index])
    // All of them once, so that what cannot be built is refused now.
    const first: Input[] = []
    for (const index of inputs.keys()) first.push(await open(index))
    if (join.type === 'none') return new Sequence(first, new RetiredInputs(clock))
    return new JoiningSequence({
      first,
      open,
      outer: join.type === 'outer' || join.type === 'outter',
      join: {
        idPath: join.id_path,
        iterations: join.iterations,
        strategy: join.merge_strategy,
      },
      positions: context.positions(),
    })
  },
})

class Sequence implements Input {
  readonly drains = true
  readonly #left: Input[]
  readonly #retired: RetiredInputs
  #connected = false

  constructor(inputs: readonly Input[], retired: RetiredInputs) {
    this.#left = [...inputs]
    this.#retired = retired
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.#left[0]?.connect(signal)
    this.#connected = true
  }

  async read(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      const [input] = this.#left
      if (input === undefined) return undefined
      const batch = await this.#readFrom(input, signal)
      if (batch !== undefined) return this.#retired.watch(input, batch)
      if (signal.aborted) return undefined
      this.#left.shift()
      this.#connected = false
      void this.#retired.retire(input).catch(() => {})
    }
  }

  async close(): Promise<void> {
    await this.#retired.close()
    await Promise.all(this.#left.map((input) => input.close()))
  }

  async #readFrom(input: Input, signal: AbortSignal): Promise<InputBatch | undefined> {
    if (signal.aborted && (input.drains !== true || !this.#connected)) return undefined
    if (!this.#connected) await input.connect(signal)
    this.#connected = true
    try {
      return await input.read(signal)
    } catch (thrown) {
      if (signal.aborted) return undefined
      throw thrown
    }
  }
}
