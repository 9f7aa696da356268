/** Why a resource is as it is: owner, file and line, revision, last change and its cause. */
import type { FastifyInstance } from 'fastify'
import { suspensionStatus } from '../../controllers/status/suspension-status.ts'
import type { LastChange, Why } from '../../controllers/status/why.ts'
import type { Kind } from '../../crds/resource.ts'
import { CHANGES, changesAnswer } from './change-answer.ts'
import { BASE, type NativeContext, parameter, requireAccess } from './context.ts'
import { SERVED_KINDS } from './kinds.ts'
import { beneath, type PathItem, type PathItems } from './openapi/path-item.ts'
import { anyObject, integer, list, object, text } from './openapi/schema.ts'
import { formatTimeUs } from './records-position.ts'
import { notFound } from './status.ts'

const ITEM: PathItem = {
  get: {
    summary: 'Tells who owns a resource, where it is written, and what changed it last and why.',
    answers: {
      200: {
        description: 'What is known of it, also after it has gone.',
        schema: object('Why it is as it is.', {
          kind: text('Its kind.'),
          namespace: text('Its namespace.'),
          name: text('Its name.'),
          owner: { ...text('The source that owns it.'), nullable: true },
          origin: {
            ...object('Where it is declared.', {
              file: text('The file.'),
              line: integer('From 1.'),
              column: integer('From 1, in code points.'),
            }),
            nullable: true,
          },
          revision: { ...integer('Of its source, that changed it last.'), nullable: true },
          lastChange: {
            ...object('What changed it last.', {
              source: text('Of which source.'),
              revision: integer('In which revision.'),
              setDigest: text('For which set.'),
              at: text('RFC 3339.'),
              cause: text('change, apply, approval, rollback, resume, drift or start.'),
              verb: text('create, update, replace, delete, retain, …'),
              risk: text('safe, disruptive or data-loss.'),
              reason: text('A sentence.'),
              changes: CHANGES,
            }),
            nullable: true,
          },
          suspended: { ...anyObject('Since when, until when and why.'), nullable: true },
          conditions: list('As in its status.', anyObject('A condition.')),
        }),
      },
    },
  },
}

export const WHY_PATHS: PathItems = beneath(
  BASE,
  Object.fromEntries(
    SERVED_KINDS.map(({ plural }) => [`/namespaces/{namespace}/${plural}/{name}/why`, ITEM]),
  ),
)

export function serveWhy(server: FastifyInstance, context: NativeContext): void {
  for (const { kind, plural } of SERVED_KINDS)
    server.get(`${BASE}/namespaces/:namespace/${plural}/:name/why`, (request) => {
      const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
      requireAccess('Read', { kind, namespace, name })
      const why = context.controlPlane.why({ kind: kind as Kind, namespace, name })
      if (why === undefined) throw notFound(plural, name)
      return whyAnswer(why)
    })
}

function whyAnswer({ identity, owner, origin, revision, lastChange, ...rest }: Why): object {
  const { suspended, conditions } = rest
  return {
    ...identity,
    owner: owner ?? null,
    origin:
      origin === undefined ? null : { file: origin.file, line: origin.line, column: origin.column },
    revision: revision ?? null,
    lastChange: lastChange === undefined ? null : changeAnswer(identity.kind, lastChange),
    suspended: suspended === undefined ? null : suspensionStatus(suspended),
    conditions,
  }
}

function changeAnswer(kind: Kind, change: LastChange): object {
  const { source, revision, setDigest, atUs, cause, verb, risk, reason, changes } = change
  return {
    source,
    revision,
    setDigest,
    at: formatTimeUs(atUs),
    cause,
    verb,
    risk,
    reason,
    changes: changesAnswer(kind, changes),
  }
}
