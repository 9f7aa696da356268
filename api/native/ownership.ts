/** Who owns a resource: adopt, transfer, release. */
import type { FastifyInstance } from 'fastify'
import type { OwnershipAnswer } from '../../controllers/ownership.ts'
import type { Identity } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { BASE, bodyObject, type NativeContext, parameter, requireAccess } from './context.ts'
import { SERVED_KINDS } from './kinds.ts'
import { beneath, type PathItem, type PathItems } from './openapi/path-item.ts'
import { flag, object, text } from './openapi/schema.ts'

const PATH: PathItem = {
  post: {
    summary:
      'Gives the resource to another source, or to none; what the files of a source have to say first is in the answer.',
    body: object('What is decided.', {
      verb: text('adopt, transfer or release.'),
      'source?': text('Who takes it; not for release.'),
    }),
    answers: {
      200: {
        description: 'What was done.',
        schema: object('A decision about an owner.', {
          verb: text('adopt, transfer or release.'),
          'from?': text('The source that owned it.'),
          'to?': text('The source that takes it.'),
          done: flag('False while it waits for the files of the source.'),
          message: text('What was done, or what it waits for.'),
        }),
      },
    },
  },
}

export const OWNERSHIP_PATHS: PathItems = beneath(
  BASE,
  Object.fromEntries(
    SERVED_KINDS.map(({ plural }) => [`/namespaces/{namespace}/${plural}/{name}/ownership`, PATH]),
  ),
)

export function serveOwnership(server: FastifyInstance, context: NativeContext): void {
  for (const { kind, plural } of SERVED_KINDS)
    server.post(`${BASE}/namespaces/:namespace/${plural}/:name/ownership`, async (request) => {
      const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
      requireAccess('ManageAccessControl', { kind, namespace, name })
      const { verb, source } = bodyObject(request)
      const { message, done, from, to } = await decide(
        { kind, namespace, name },
        verb,
        source,
        context,
      )
      return { verb, from: from ?? null, to: to ?? null, done, message }
    })
}

function decide(
  identity: Identity,
  verb: unknown,
  source: unknown,
  { controlPlane: { ownership } }: NativeContext,
): Promise<OwnershipAnswer> {
  if (verb === 'release') return ownership.release(identity)
  if (verb !== 'adopt' && verb !== 'transfer')
    throw new HeadgateError('BadRequest', 'verb: expected adopt, transfer or release')
  if (typeof source !== 'string' || source === '')
    throw new HeadgateError('BadRequest', 'source: expected the name of a source')
  return ownership[verb](identity, source)
}
