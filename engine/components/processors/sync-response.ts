/** Answers whoever waits for a message with what the message is now. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { respond } from '../../pipelines/sync-response.ts'

export const syncResponse: ProcessorDefinition = defineProcessor({
  name: 'sync_response',
  status: 'stable',
  effects: 'none',
  summary: 'Answers the client that sent a message, and passes the message on.',
  description: `The answer is the message as it is here, and it is given once the message was delivered. Inputs
with clients that wait, such as \`http_server\`, give it; elsewhere it is ignored. Several are one multipart answer.`,
  config: Type.Object({}),
  examples: [{ title: 'Answer, and go on', config: {}, given: [{ id: 1 }], then: [{ id: 1 }] }],
  build: () => ({
    process(batch) {
      for (const message of batch) respond(message, message)
      return [batch]
    },
  }),
})
