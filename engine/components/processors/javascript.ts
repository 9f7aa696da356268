/** Runs JavaScript on each message, in a sandbox. */
import { Script } from 'node:vm'
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import {
  type ConfigFault,
  defineProcessor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import { configFileNeeds, readConfigFile } from '../config-file.ts'
import { readConfigFolders } from '../config-folders.ts'
import { type CodeAnswer, codeRequest, withCodeAnswer } from '../foreign-code/code-answer.ts'
import { inThread } from '../foreign-code/in-thread.ts'
import { JAVASCRIPT_SOURCE, javascriptData } from '../foreign-code/javascript-source.ts'

/** Files that `global_folders` may hold, all together. */
export const MODULE_FILES_MAX = 200

/** On a line that is no comment. What a file holds, or another spelling reaches, fails when it is called. */
const FETCHES = /^(?![ \t]*\/\/).*\b(?:benthos|bento)\s*\.\s*v0_fetch\b/m

interface JavascriptConfig {
  readonly code: string
  readonly file: string
  readonly global_folders: readonly string[]
}

export const javascript: ProcessorDefinition = defineProcessor({
  name: 'javascript',
  status: 'beta',
  effects: 'none',
  summary: 'Runs JavaScript on each message, in a sandbox.',
  description: `The code runs once for each message, in an engine of its own (QuickJS, ES2023) and a thread of its own, and
reaches nothing but the message and what \`global_folders\` holds:

- \`benthos.v0_msg_as_string()\`, \`benthos.v0_msg_set_string(text)\`: the content as text;
- \`benthos.v0_msg_as_structured()\`, \`benthos.v0_msg_set_structured(value)\`: the content as a document; JavaScript has
  no whole numbers beyond 2^53;
- \`benthos.v0_msg_exists_meta(key)\`, \`benthos.v0_msg_get_meta(key)\`, \`benthos.v0_msg_set_meta(key, value)\`: metadata;
- what the code prints to the \`console\` goes to the log; \`require(name)\` finds modules and JSON of
  \`global_folders\`.

\`bento\` is another name of \`benthos\`. \`v0_fetch\` is not supported: the processor \`http\`, in a \`branch\`, asks other
servers. What the code throws flags the message, and so does taking too long or too much memory. It may not rely on what
it kept from an earlier message.`,
  config: Type.Object({
    code: Type.String({ default: '', description: 'The code.' }),
    file: Type.String({
      default: '',
      description: 'The file that holds the code, instead of `code`.',
    }),
    global_folders: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'Folders that `require` finds modules in.',
    }),
  }),
  needs: ({ file, global_folders }) => [
    ...configFileNeeds(file, ['file']),
    ...global_folders.flatMap((name, index) => configFileNeeds(name, ['global_folders', index])),
  ],
  check: (config) => codeFaults(config),
  examples: [
    {
      title: 'Text',
      config: { code: 'benthos.v0_msg_set_string(benthos.v0_msg_as_string() + "2")' },
      given: [4],
      then: [42],
    },
    {
      title: 'A document',
      config: {
        code: 'const order = benthos.v0_msg_as_structured()\norder.total = order.price * order.count\nbenthos.v0_msg_set_structured(order)\n',
      },
      given: [{ price: 2, count: 3 }],
      then: [{ price: 2, count: 3, total: 6 }],
    },
  ],
  build: async ({ code, file, global_folders }, context) => {
    const { environment } = context
    const text = file === '' ? code : Buffer.from(readConfigFile(environment, file)).toString()
    await expectCode(text)
    const modules = readConfigFolders(environment, global_folders, {
      names: /\.(?:c?js|json)$/,
      filesMax: MODULE_FILES_MAX,
    })
    return inThread(context, {
      source: JAVASCRIPT_SOURCE,
      data: javascriptData(text, Object.fromEntries(modules)),
      request: (message) => codeRequest(message, true),
      answered: (message, answer: CodeAnswer) =>
        withCodeAnswer(message, answer, environment.logger),
    })
  },
})

function codeFaults({ code, file }: JavascriptConfig): readonly ConfigFault[] {
  if ((code === '') === (file === '')) {
    const found = code === '' ? 'neither' : 'both'
    return [{ path: [], message: `expected either code or file, got ${found}` }]
  }
  if (FETCHES.test(code)) {
    return [
      {
        path: ['code'],
        message:
          'expected code that reaches nothing but the message, got v0_fetch, which is not supported',
        hint: 'Ask the server with the processor http, within a branch, in front of this one.',
      },
    ]
  }
  try {
    // Read, never run.
    if (code !== '') new Script(`(function () {${code}\n})`)
    return []
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    return [{ path: ['code'], message: `expected JavaScript: ${reason}` }]
  }
}

/** The engine that will run it is asked: it may know less than the one that runs us. */
async function expectCode(code: string): Promise<void> {
  const { getQuickJS } = await import('quickjs-emscripten')
  using context = (await getQuickJS()).newContext()
  const result = context.evalCode(`(function () {${code}\n})`)
  if (result.error === undefined) return result.value.dispose()
  const { message } = context.dump(result.error) as { readonly message: string }
  result.error.dispose()
  throw new HeadgateError('ComponentConfigInvalid', `expected JavaScript: ${message}`)
}
