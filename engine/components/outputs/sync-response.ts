/** Delivers messages to whoever sent them and waits. */
import { Type } from '../../../crds/typebox.ts'
import { defineOutput, type OutputDefinition } from '../../pipelines/component.ts'
import { respond } from '../../pipelines/sync-response.ts'

export const syncResponse: OutputDefinition = defineOutput({
  name: 'sync_response',
  status: 'stable',
  effects: 'none',
  summary: 'Gives each message back to the client that sent it.',
  description: `Inputs with clients that wait, such as \`http_server\`, answer with it; what came from elsewhere is
discarded. Several messages of one batch are one multipart answer.`,
  config: Type.Object({}),
  delivery: 'discards',
  examples: [{ title: 'An HTTP service', config: {} }],
  build: () => ({
    connect: async () => {},
    write(batch) {
      for (const message of batch) respond(message, message)
    },
    close: async () => {},
  }),
})
