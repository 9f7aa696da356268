/** Shows records of a Pipeline or Sink while it runs, before and after one of its components. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TapRequest } from '../../controllers/pipeline-taps.ts'
import { kinds } from '../../crds/kinds.ts'
import { API_VERSION, type Identity } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { BASE, type NativeContext, parameter, query, requireAccess } from './context.ts'
import { beneath, type PathItems } from './openapi/path-item.ts'
import { integer, list, object, text } from './openapi/schema.ts'
import { TapAnswer } from './tap-answer.ts'

export const TAP_LIMIT_DEFAULT = 20
export const TAP_LIMIT_MAX = 10_000
/** Of a filter, in characters. */
export const TAP_FILTER_LENGTH_MAX = 4_096

const KINDS = [kinds.Pipeline, kinds.Sink] as const
const SIDES = ['before', 'after', 'both'] as const
const QUERY: readonly string[] = ['at', 'side', 'sample', 'limit', 'filter']

const PLACES = object('The places.', {
  places: list(
    'Each component of the config.',
    object('A component.', {
      role: text('input, buffer, processor or output.'),
      component: text('Its name.'),
      label: text('Empty where the config gives none.'),
      path: text('As in root.pipeline.processors.0.'),
    }),
  ),
})

export const PIPELINE_TAP_PATHS: PathItems = beneath(
  BASE,
  Object.fromEntries(
    KINDS.flatMap(({ kind, plural }) => [
      [
        `/namespaces/{namespace}/${plural}/{name}/tap`,
        {
          get: {
            summary: `Shows records of a ${kind} before and after a component, as they pass.`,
            query: {
              at: text('The label or path of the component.'),
              side: text('Which side to show; both where absent.', { enum: SIDES }),
              sample: { type: 'number', description: 'The share of records; 1 where absent.' },
              limit: integer(`End after so many records; ${TAP_LIMIT_DEFAULT} where absent.`),
              filter: text('A Bloblang query that is true for what is wanted.'),
            },
            answers: {
              200: {
                description: 'A line of JSON for each record, and one for the end.',
                types: ['application/x-ndjson'],
              },
            },
          },
        },
      ],
      [
        `/namespaces/{namespace}/${plural}/{name}/tap/places`,
        {
          get: {
            summary: `Lists where records of a ${kind} can be looked at.`,
            answers: { 200: { description: 'In the order of its config.', schema: PLACES } },
          },
        },
      ],
    ]),
  ),
)

export function servePipelineTaps(server: FastifyInstance, context: NativeContext): void {
  for (const { kind, plural } of KINDS) {
    const url = `${BASE}/namespaces/:namespace/${plural}/:name/tap`
    server.get(url, { exposeHeadRoute: false }, (request, reply) =>
      answerTap(context, identityOf(kind, request), request, reply),
    )
    server.get(`${url}/places`, async (request) => {
      const identity = identityOf(kind, request)
      return {
        apiVersion: API_VERSION,
        kind: 'TapPlaces',
        metadata: { name: identity.name, namespace: identity.namespace },
        places: context.controlPlane.taps.places(identity),
      }
    })
  }
}

/** Who sees records sees more than a declaration: it is the right to read that counts, as for those of a stream. */
function identityOf(kind: Identity['kind'], request: FastifyRequest): Identity {
  const identity: Identity = {
    kind,
    namespace: parameter(request, 'namespace'),
    name: parameter(request, 'name'),
  }
  requireAccess('Read', identity)
  return identity
}

/** What is refused is refused before the answer begins. */
async function answerTap(
  { controlPlane, clock, closing }: NativeContext,
  identity: Identity,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const wanted = readTapRequest(query(request))
  const answer = new TapAnswer(reply, clock)
  using _tap = controlPlane.taps.tap(identity, wanted, answer)
  const close = (): void => answer.ended({ reason: 'closing', message: 'The server closes.' })
  closing.addEventListener('abort', close, { once: true })
  await answer.begin()
  closing.removeEventListener('abort', close)
}

function readTapRequest(given: Readonly<Record<string, unknown>>): TapRequest {
  for (const name of Object.keys(given)) {
    if (QUERY.includes(name)) continue
    throw bad(`${name}: expected ${QUERY.join(', ')}, got ${JSON.stringify(name)}`)
  }
  const at = textOf(given, 'at')
  if (at === undefined || at === '')
    throw bad('at: expected the label or path of a component, got none')
  const filter = textOf(given, 'filter')
  if (filter !== undefined && filter.length > TAP_FILTER_LENGTH_MAX)
    throw bad(`filter: expected at most ${TAP_FILTER_LENGTH_MAX} characters, got ${filter.length}`)
  return {
    at,
    side: sideOf(textOf(given, 'side') ?? 'both'),
    sample: sampleOf(textOf(given, 'sample') ?? '1'),
    limit: limitOf(textOf(given, 'limit') ?? String(TAP_LIMIT_DEFAULT)),
    ...(filter === undefined ? {} : { filter }),
  }
}

function textOf(given: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = given[name]
  if (value === undefined || typeof value === 'string') return value
  throw bad(`${name}: expected it once`)
}

function sideOf(text: string): TapRequest['side'] {
  const side = SIDES.find((one) => one === text)
  if (side !== undefined) return side
  throw bad(`side: expected ${SIDES.join(', ')}, got ${JSON.stringify(text)}`)
}

function sampleOf(text: string): number {
  const sample = Number(text)
  if (/^[0-9.]{1,20}$/.test(text) && sample > 0 && sample <= 1) return sample
  throw bad(`sample: expected a number above 0 and up to 1, got ${JSON.stringify(text)}`)
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (/^[0-9]{1,9}$/.test(text) && limit >= 1 && limit <= TAP_LIMIT_MAX) return limit
  const expected = `a whole number from 1 to ${TAP_LIMIT_MAX}`
  throw bad(`limit: expected ${expected}, got ${JSON.stringify(text)}`)
}

function bad(message: string): HeadgateError {
  return new HeadgateError('BadRequest', message)
}
