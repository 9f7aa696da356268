/** How the routes of records describe themselves. */
import { BASE } from './context.ts'
import type { PathItems } from './openapi/path-item.ts'
import { anyObject, integer, list, object, text } from './openapi/schema.ts'

const REFUSED = {
  summary: 'Is refused: records are added with POST and read with GET.',
  answers: {},
}

const RECORD = object('One record; `value` may be any JSON, `data` is base64.', {
  'value?': { description: 'Any JSON, kept as it was sent.' },
  'data?': text('Bytes in base64, instead of a value.'),
  'key?': text('By which the shard is chosen, and compaction works.'),
  'headers?': anyObject('Text to text.'),
  'shard?': integer('Where it goes, instead of what its key says.'),
})

export const RECORD_PATHS: PathItems = {
  [`${BASE}/namespaces/{namespace}/streams/{name}/records`]: {
    get: {
      summary: 'Reads records of one shard from a position, or the latest record of a key.',
      query: {
        shard: integer('Which shard; 0 where absent.'),
        limit: integer('At most so many records.'),
        from: text('earliest, latest, a time or a position that was answered.'),
        waitMs: integer('How long to wait where there is nothing yet.'),
        key: text('The latest record of this key, of a compacted stream.'),
      },
      answers: {
        200: { description: 'Records, and where to go on.', schema: anyObject('Records.') },
      },
    },
    post: {
      summary: 'Adds records: all are durable when it is answered, or none was written.',
      body: object('What is added.', { records: list('One to many.', RECORD) }),
      answers: {
        200: {
          description: 'Where each went.',
          schema: object('The answer.', {
            records: list(
              'In the order in which they were sent.',
              object('A place.', {
                shard: integer('The shard.'),
                sequence: integer('Its number there.'),
              }),
            ),
          }),
        },
      },
    },
    put: REFUSED,
    patch: REFUSED,
    delete: REFUSED,
  },
}
