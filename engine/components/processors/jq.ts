/** Replaces each document by what a query of jq emits. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Type } from '../../../crds/typebox.ts'
import { encodeJson, encodeString } from '../../bloblang/values/encode-payload.ts'
import { parseDocumentText } from '../../bloblang/values/parse-document.ts'
import type { ObjectValue, Value } from '../../bloblang/values/value.ts'
import { asHeadgateError, HeadgateError } from '../../error.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import type { Message } from '../../pipelines/message.ts'
import { withBoundedMemory } from '../foreign-code/bounded-memory.ts'
import { inThread } from '../foreign-code/in-thread.ts'
import { JQ_SOURCE, jqFilter } from '../foreign-code/jq-source.ts'
import { withDocument } from '../replaced-content.ts'

interface Jq {
  raw(json: string, filter: string, flags: readonly string[]): string
}

export const jq: ProcessorDefinition = defineProcessor({
  name: 'jq',
  status: 'stable',
  effects: 'none',
  summary: 'Replaces each document by what a query of jq emits.',
  description:
    'Nothing emitted filters the message, and several values become a list. `$metadata` has the metadata. The queries run ' +
    'in a thread of their own, a batch at a time, so that larger batches are faster; what takes too long or too much memory ' +
    'is flagged. Numbers that are not calculated with stay as they are written. A mapping does the same in less time.',
  config: Type.Object({
    query: Type.String({ description: 'The query.' }),
    raw: Type.Boolean({
      default: false,
      description: 'Whether the content is one text for the query, and not a document.',
    }),
    output_raw: Type.Boolean({
      default: false,
      description: 'Whether texts are written as they are; several values are then a line each.',
    }),
  }),
  examples: [
    {
      title: 'Some fields',
      config: { query: '{id, total: (.items | map(.price) | add)}' },
      given: [{ id: 'a', items: [{ price: 1.5 }, { price: 2 }], note: 'gone' }],
      then: [{ id: 'a', total: 3.5 }],
    },
    {
      title: 'None, one and several',
      config: { query: '.[]' },
      given: [[], [{ id: 1 }], [1, 2]],
      then: [{ id: 1 }, [1, 2]],
    },
  ],
  check: async ({ query }) => {
    if (query.includes('${')) return []
    try {
      await expectQuery(query, jqFilter(query))
      return []
    } catch (thrown) {
      const { message, hint } = asHeadgateError(thrown)
      return [{ path: ['query'], message, ...(hint === undefined ? {} : { hint }) }]
    }
  },
  build: async ({ query, raw, output_raw }, context) => {
    const filter = jqFilter(query)
    await expectQuery(query, filter)
    return inThread(context, {
      source: JQ_SOURCE,
      data: { module: boundedJq(), filter },
      request: (message) => ({
        document: documentText(message, raw),
        metadata: query.includes('$metadata') ? encodeJson(metadataOf(message)) : 'null',
      }),
      answered: (message, line: string) => emitted(message, line, output_raw),
    })
  },
})

const require = createRequire(import.meta.url)

function boundedJq(): Uint8Array {
  return withBoundedMemory(readFileSync(require.resolve('jq-web/jq.wasm')))
}

/**
 * Reads the query without running it: there is nothing to run it on. First by itself, so that jq tells of its own
 * lines, then as it will run.
 */
async function expectQuery(query: string, filter: string): Promise<void> {
  const library = (await (require('jq-web') as Promise<Jq>)) as Jq
  try {
    library.raw('[]', `.[] as $metadata |\n${query}`, ['-c'])
    library.raw('[]', filter, ['-c'])
  } catch (thrown) {
    throw new HeadgateError('ComponentConfigInvalid', `expected a query of jq${reasonOf(thrown)}`, {
      hint: 'Try it with the command jq first.',
    })
  }
}

/** jq says what, and in which line of a program in which the query begins in the second; then it quotes the line. */
function reasonOf(thrown: unknown): string {
  const { stderr } = thrown as { readonly stderr?: unknown }
  const told = /^jq: error: (.*) at <top-level>, line (\d+)/.exec(String(stderr))
  if (told === null) return ''
  const what = told[1]?.replace(' (Unix shell quoting issues?)', '')
  return `, got one whose line ${Math.max(1, Number(told[2]) - 1)} has an error: ${what}`
}

/** The content as it is, where it is one document. */
function documentText(message: Message, raw: boolean): string {
  if (raw) return encodeString(Buffer.from(message.content()).toString())
  message.document()
  return Buffer.from(message.content()).toString()
}

function metadataOf(message: Message): ObjectValue {
  const keys = [...message.metadataKeys()]
  return Object.fromEntries(keys.map((key) => [key, message.metadata(key) ?? null]))
}

/** A line is `{"v": […]}`, or `{"e": why}`. */
function emitted(message: Message, line: string, outputRaw: boolean): Message | undefined {
  const { v: values, e: why } = parseDocumentText(line) as Readonly<Record<string, Value>>
  if (!Array.isArray(values)) {
    throw new HeadgateError(
      'MappingFailed',
      typeof why === 'string' ? why : encodeJson(why ?? null),
    )
  }
  if (values.length === 0) return undefined
  if (outputRaw) {
    const texts = values.map((one: Value) => (typeof one === 'string' ? one : encodeJson(one)))
    return message.withValue(texts.join('\n'))
  }
  const value: Value = values.length === 1 ? values[0] : values
  return typeof value === 'string'
    ? message.withContent(Buffer.from(encodeString(value)))
    : withDocument(message, value)
}
