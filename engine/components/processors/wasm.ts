/** Calls a function of a WebAssembly module for each message. */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { configFileFaults, configFileNeeds, readConfigFile } from '../config-file.ts'
import { withBoundedMemory } from '../foreign-code/bounded-memory.ts'
import { type CodeAnswer, codeRequest, withCodeAnswer } from '../foreign-code/code-answer.ts'
import { inThread } from '../foreign-code/in-thread.ts'
import {
  WASI_MODULE,
  WASM_HOST_FUNCTIONS,
  WASM_HOST_MODULES,
  WASM_SOURCE,
} from '../foreign-code/wasm-source.ts'

export const wasm: ProcessorDefinition = defineProcessor({
  name: 'wasm',
  status: 'experimental',
  effects: 'none',
  summary: 'Calls a function of a WebAssembly module for each message.',
  description: `The function takes and gives nothing; it imports, from \`benthos_wasm\`, what reads and writes the message:

- \`v0_msg_as_bytes() -> i64\`: the content, its address in the upper 32 bits and its length in the lower;
- \`v0_msg_set_bytes(address i32, length i32)\`;
- \`v0_msg_get_meta(address i32, length i32) -> i64\`: the metadata of that name, 0 where there is none;
- \`v0_msg_set_meta(address i32, length i32, address i32, length i32)\`: a name, and a text.

The module exports its \`memory\`, and \`malloc\` and \`free\` or \`allocate\` and \`deallocate\`. Of WASI there is what a
module needs to start, but no files, no arguments and no variables. It runs in a thread of its own; what traps, takes too
long or takes more memory than 256 MiB flags the message.`,
  config: Type.Object({
    module_path: Type.String({ minLength: 1, description: 'The file of the module.' }),
    function: Type.String({
      default: 'process',
      minLength: 1,
      description: 'The exported function that is called for each message.',
    }),
  }),
  needs: ({ module_path }) => configFileNeeds(module_path, ['module_path']),
  check: ({ module_path }) => configFileFaults(module_path, ['module_path']),
  examples: [
    {
      title: 'A module of your own',
      config: { module_path: './upper.wasm' },
    },
  ],
  build: async ({ module_path, function: name }, context) => {
    const { environment } = context
    const module = withBoundedMemory(readConfigFile(environment, module_path))
    const asksMetadata = await expectModule(module, name)
    return inThread(context, {
      source: WASM_SOURCE,
      data: { module, function: name, wasiModule: WASI_MODULE },
      request: (message) => ({
        ...codeRequest(message, asksMetadata),
        timeUs: environment.clock.wallUs(),
      }),
      answered: (message, answer: CodeAnswer) =>
        withCodeAnswer(message, answer, environment.logger),
    })
  },
})

interface ModuleImport {
  readonly module: string
  readonly name: string
  readonly kind: string
}

/** As much of it as is used here: it belongs to the library of browsers, which is not ours. */
declare const WebAssembly: {
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<object>
  readonly Module: {
    imports(module: object): readonly ModuleImport[]
    exports(module: object): readonly Omit<ModuleImport, 'module'>[]
  }
}

/** Whether it asks for metadata. */
async function expectModule(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<boolean> {
  const module = await WebAssembly.compile(bytes).catch((cause: Error) => {
    throw invalid(cause.message)
  })
  const imports = WebAssembly.Module.imports(module)
  for (const { module: from, name: wanted, kind } of imports) {
    const isOurs = WASM_HOST_MODULES.includes(from) && WASM_HOST_FUNCTIONS.includes(wanted)
    if (kind !== 'function' || (!isOurs && from !== WASI_MODULE)) {
      throw invalid(`there is no ${kind} ${wanted} of ${from} to import`)
    }
  }
  const exported = new Map(WebAssembly.Module.exports(module).map((one) => [one.name, one.kind]))
  if (exported.get(name) !== 'function') throw invalid(`it exports no function ${name}`)
  if (exported.get('memory') !== 'memory') throw invalid('it exports no memory')
  if (!exported.has('malloc') && !exported.has('allocate')) {
    throw invalid('it exports neither malloc nor allocate')
  }
  return imports.some(({ name: wanted }) => wanted === 'v0_msg_get_meta')
}

function invalid(message: string): HeadgateError {
  return new HeadgateError('ComponentConfigInvalid', `expected a module for messages: ${message}`)
}
