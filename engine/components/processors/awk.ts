/** Runs a program of awk on each message; what it prints is the new content. */
import { Type } from '../../../crds/typebox.ts'
import { compileAwk } from '../../awk/run.ts'
import { isArray, isObject } from '../../bloblang/values/kind-of.ts'
import type { Value } from '../../bloblang/values/value.ts'
import { valueText } from '../../bloblang/values/value-text.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import type { Message } from '../../pipelines/message.ts'
import { AWK_FUNCTION_NAMES, AwkMessage } from '../awk-message.ts'
import { eachMessage } from '../each-message.ts'

type Codec = 'none' | 'text' | 'json'

export const awk: ProcessorDefinition = defineProcessor({
  name: 'awk',
  status: 'stable',
  effects: 'none',
  portable: true,
  alone: true,
  summary: 'Runs a program of awk on each message; what it prints is the new content.',
  description:
    'The last line break of what is printed is left out. Where nothing is printed, the content is what the program made ' +
    'of it with `json_set` and its like, or stays. Programs reach no files, no commands and no environment, and what takes ' +
    'too many steps or prints too much is flagged. Regular expressions are those of RE2. Besides the functions of awk there ' +
    'are `json_get`, `json_set`, `json_set_int`, `json_set_float`, `json_set_bool`, `json_append` (also `_int`, `_float`, ' +
    '`_bool`), `json_delete`, `json_length`, `json_type`, `metadata_get`, `metadata_set`, `timestamp_unix`, ' +
    '`timestamp_unix_nano`, `timestamp_format`, `print_log`, `base64_encode`, `base64_decode`, `create_json_object` and ' +
    '`create_json_array`; a function of the program that is called the same takes their place.',
  config: Type.Object({
    codec: Type.Unsafe<Codec>({
      type: 'string',
      enum: ['none', 'text', 'json'],
      description:
        'What the program is given: `text` the content as its input, `json` a variable for each value of the document, ' +
        'called by its path (`a_b_0`), `none` neither. With `text` and `json` metadata are variables, too.',
    }),
    program: Type.String({ description: 'The program.' }),
  }),
  check: ({ program }) => {
    if (program.includes('${')) return []
    try {
      compileAwk(program, AWK_FUNCTION_NAMES)
      return []
    } catch (thrown) {
      return [{ path: ['program'], message: thrown instanceof Error ? thrown.message : '' }]
    }
  },
  examples: [
    {
      title: 'Calculate with fields of a document',
      config: { codec: 'none', program: '{ json_set_int("sum", json_get("a") + json_get("b")) }' },
      given: [{ a: 1, b: 2 }],
      then: [{ a: 1, b: 2, sum: 3 }],
    },
    {
      title: 'Make a document of columns',
      config: { codec: 'text', program: '{ print create_json_object("name", $1, "size", $2) }' },
      given: ['report 12'],
      then: [{ name: 'report', size: '12' }],
    },
  ],
  build: ({ codec, program }, context) => {
    const compiled = compileAwk(program, AWK_FUNCTION_NAMES)
    return eachMessage(context, (message) => {
      const given = new AwkMessage(message, context.environment)
      // Without a text there is one record that is empty, so that rules run once.
      const input = codec === 'text' ? message.text() : '\n'
      const variables = variablesOf(message, codec, compiled.globals)
      return given.result(compiled.run(input, variables, given.host()))
    })
  },
})

/** What awk itself gives a meaning is not for messages to set. */
const OWN_NAMES: ReadonlySet<string> = new Set(
  'NF NR FNR FS OFS RS ORS SUBSEP CONVFMT OFMT RSTART RLENGTH ARGC ARGV ENVIRON FILENAME'.split(
    ' ',
  ),
)

function variablesOf(
  message: Message,
  codec: Codec,
  globals: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const variables = new Map<string, string>()
  if (codec === 'none') return variables
  const add = (path: string, value: Value): void => {
    const name = path.replace(/\W/g, '_')
    if (globals.has(name) && !OWN_NAMES.has(name)) variables.set(name, valueText(value))
  }
  for (const key of message.metadataKeys()) add(key, message.metadata(key) ?? null)
  if (codec === 'json') flatten(message.document(), '', add)
  return variables
}

function flatten(value: Value, path: string, add: (path: string, value: Value) => void): void {
  if (!isArray(value) && !isObject(value)) {
    add(path, value)
    return
  }
  for (const [key, item] of Object.entries(value)) {
    flatten(item, path === '' ? key : `${path}_${key}`, add)
  }
}
