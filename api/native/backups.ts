/** Backups: a copy of all that the engine holds, made by the server into a directory of its own machine. */
import type { FastifyInstance } from 'fastify'
import { API_VERSION } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { BASE, bodyObject, type NativeContext, requireAccess } from './context.ts'
import type { PathItems } from './openapi/path-item.ts'
import { anyObject, object, text } from './openapi/schema.ts'

export const BACKUP_PATHS: PathItems = {
  [`${BASE}/backups`]: {
    post: {
      summary: 'Copies all that the server keeps into a directory of its own machine.',
      body: object('Where to.', { directory: text('An absolute path.') }),
      answers: { 201: { description: 'What was copied.', schema: anyObject('A Backup.') } },
    },
  },
}

export function serveBackups(server: FastifyInstance, { backup }: NativeContext): void {
  server.post(`${BASE}/backups`, async (request, reply) => {
    // It reads everything and writes to the machine: nobody's right but the administrator's.
    requireAccess('ManageAccessControl', { kind: 'Backup', namespace: undefined, name: undefined })
    const directory = readDirectory(bodyObject(request)['directory'])
    if (backup === undefined) {
      throw new HeadgateError('NotFound', 'this server keeps nothing that could be backed up')
    }
    const result = await backup(directory)
    reply.code(201)
    return { apiVersion: API_VERSION, kind: 'Backup', ...result }
  })
}

function readDirectory(value: unknown): string {
  if (typeof value === 'string' && value.startsWith('/')) return value
  throw new HeadgateError(
    'BadRequest',
    `directory: expected the absolute path of a directory on the server, got ${JSON.stringify(value) ?? 'none'}`,
  )
}
