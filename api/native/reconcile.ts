/** Looks at a source at once, for those who do not want to wait for the next look. */
import type { FastifyInstance } from 'fastify'
import { HeadgateError } from '../../engine/error.ts'
import { BASE, bodyObject, type NativeContext, parameter, requireAccess } from './context.ts'
import { SOURCES } from './kinds.ts'
import { beneath, type PathItems } from './openapi/path-item.ts'
import { anyObject, flag, integer, object } from './openapi/schema.ts'

export const RECONCILE_WAIT_MS_MAX = 600_000

export const RECONCILE_PATHS: PathItems = beneath(BASE, {
  [`/${SOURCES}/{name}/reconcile`]: {
    post: {
      summary:
        'Looks at the source at once, and answers when the look is done, or the source Ready.',
      body: object('How long to wait.', {
        'waitMs?': integer(
          `For the source to be Ready, up to ${RECONCILE_WAIT_MS_MAX}; 0 where absent: when the look is done.`,
        ),
      }),
      answers: {
        200: {
          description: 'The source after it.',
          schema: object('What came of it.', {
            ready: flag('Whether the source is Ready.'),
            elapsedMs: integer('How long it took.'),
            source: anyObject('The source as GET answers it.'),
          }),
        },
      },
    },
  },
})

export function serveReconcile(server: FastifyInstance, context: NativeContext): void {
  server.post(`${BASE}/${SOURCES}/:name/reconcile`, async (request, reply) => {
    const name = parameter(request, 'name')
    requireAccess('Write', { kind: 'Source', namespace: undefined, name })
    const waitMs = readWaitMs(bodyObject(request)['waitMs'])
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const signal = AbortSignal.any([context.closing, gone.signal])
    return context.controlPlane.reconcile(name, { waitMs }, signal)
  })
}

function readWaitMs(value: unknown): number {
  if (value === undefined || value === null) return 0
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value)
  if (isNumber && value >= 0 && value <= RECONCILE_WAIT_MS_MAX) return value
  throw new HeadgateError(
    'BadRequest',
    `waitMs: expected milliseconds from 0 to ${RECONCILE_WAIT_MS_MAX}`,
  )
}
