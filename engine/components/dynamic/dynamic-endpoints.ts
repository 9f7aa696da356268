/**
 * The REST face of `dynamic` components, as Connect has it: `GET {prefix}/inputs` lists what there is, and
 * `GET`, `POST` and `DELETE {prefix}/inputs/{label}` show, set and remove one; `GET …/{label}/uptime` tells how long it
 * has been there. A change that succeeds is answered 200 with an empty body; refusals are one line of text.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { decide, LOCAL_ADMIN } from '../../access/decide.ts'
import { asHeadgateError, HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import { ByteBudget } from '../http/byte-budget.ts'
import { BODY_BYTES_MAX, readBody } from '../http/request-body.ts'
import { answerText } from '../http/text-answer.ts'
import { POSTED_CONFIG_BYTES_MAX, parsePostedConfig } from './posted-config.ts'

export interface DynamicEntry {
  /** As it was declared or posted. */
  readonly config: unknown
  /** Undefined once it ended by itself. */
  readonly uptimeMs: number | undefined
}

export interface DynamicSet {
  readonly role: 'input' | 'output'
  entries(): ReadonlyMap<string, DynamicEntry>
  /** The config was admitted. Rejects where it cannot be built or opened; what was there under the label then stays. */
  put(label: string, config: unknown): Promise<void>
  /** False where there is none. */
  remove(label: string): boolean
}

export const DYNAMIC_LABEL: RegExp = /^[A-Za-z0-9_.-]{1,128}$/

/** More of them are refused. */
export const DYNAMIC_ENTRIES_MAX = 1_000

export function serveDynamic(prefix: string, set: DynamicSet, context: BuildContext): Disposable {
  const { endpoints, endpointPrefix } = context.environment
  const base = `${endpointPrefix}${pathOf(prefix)}/${set.role}s`
  const budget = new ByteBudget(BODY_BYTES_MAX)
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => {})
    answer(request, response, { base, set, context, budget }).catch((thrown) => {
      const error = asHeadgateError(thrown)
      answerText(response, statusOf(error), `Error: ${error.message}\n`)
    })
  }
  const mounts = [endpoints.mount(base, handler)]
  try {
    mounts.push(endpoints.mount(`${base}/`, handler))
  } catch (thrown) {
    mounts[0]?.[Symbol.dispose]()
    throw thrown
  }
  return {
    [Symbol.dispose]: () => {
      for (const mount of mounts) mount[Symbol.dispose]()
    },
  }
}

/** What the client did wrong, what it may not do, and what could not be done. */
function statusOf({ code, class: { status } }: HeadgateError): number {
  if (code === 'Forbidden') return 403
  return status >= 400 && status < 500 ? 400 : 502
}

interface Asked {
  readonly base: string
  readonly set: DynamicSet
  readonly context: BuildContext
  readonly budget: ByteBudget
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  asked: Asked,
): Promise<void> {
  const { base, set, context } = asked
  const { method = '', url = '' } = request
  requireAccess(method, context)
  const [path = ''] = url.split('?')
  // Whoever mounts it may serve it beneath other folders too.
  const rest = path.slice(path.indexOf(base) + base.length).replace(/^\//, '')
  const [label = '', sub, ...more] = rest.split('/').map(decoded)
  if (rest === '') {
    return method === 'GET' ? answerJson(response, listOf(set, context)) : refuse(response, method)
  }
  if (more.length > 0 || (sub !== undefined && sub !== 'uptime')) return missing(response)
  if (!DYNAMIC_LABEL.test(label)) {
    return answerText(
      response,
      400,
      'Error: expected a label of letters, digits, "_", "-" and "."\n',
    )
  }
  const entry = set.entries().get(label)
  if (sub === 'uptime') {
    if (method !== 'GET') return refuse(response, method)
    return entry === undefined ? missing(response) : answerText(response, 200, uptimeText(entry))
  }
  switch (method) {
    case 'GET':
      return entry === undefined ? missing(response) : answerJson(response, shown(entry, context))
    case 'POST':
      await put(label, request, asked)
      return answerText(response, 200, '')
    case 'DELETE':
      return set.remove(label) ? answerText(response, 200, '') : missing(response)
    default:
      return refuse(response, method)
  }
}

/** Whoever may change the pipeline may change what is in it. */
function requireAccess(method: string, { environment: { namespace, name } }: BuildContext): void {
  const right = method === 'GET' ? 'Read' : 'Write'
  const { allowed, reason } = decide(LOCAL_ADMIN, right, { kind: 'Pipeline', namespace, name })
  if (allowed) return
  throw new HeadgateError('Forbidden', `${right} on Pipeline ${namespace}/${name}: ${reason}`)
}

async function put(label: string, request: IncomingMessage, asked: Asked): Promise<void> {
  const { set, context, budget } = asked
  const body = await readBody(request, POSTED_CONFIG_BYTES_MAX, budget)
  if (body.kind === 'aborted') return
  if (body.kind !== 'whole') {
    throw new HeadgateError(
      'BadRequest',
      `expected a config of at most ${POSTED_CONFIG_BYTES_MAX} bytes`,
    )
  }
  budget.give(body.bytes.length)
  const config = await parsePostedConfig(body.bytes)
  const entries = set.entries()
  if (!entries.has(label) && entries.size >= DYNAMIC_ENTRIES_MAX) {
    throw new HeadgateError('BadRequest', `expected at most ${DYNAMIC_ENTRIES_MAX} ${set.role}s`)
  }
  await context.admit(set.role, config)
  await set.put(label, config)
}

function listOf(set: DynamicSet, context: BuildContext): object {
  return Object.fromEntries(
    [...set.entries()].map(([label, entry]) => [
      label,
      { uptime: uptimeText(entry), config: shown(entry, context) },
    ]),
  )
}

/** Without its secrets; where nobody can tell what is one, nothing of it. */
function shown({ config }: DynamicEntry, { environment }: BuildContext): unknown {
  return environment.mask?.(config) ?? {}
}

function uptimeText({ uptimeMs }: DynamicEntry): string {
  if (uptimeMs === undefined) return 'stopped'
  const minutes = Math.floor(uptimeMs / 60_000)
  const seconds = `${(uptimeMs % 60_000) / 1_000}s`
  if (minutes === 0) return seconds
  const hours = Math.floor(minutes / 60)
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`
}

function answerJson(response: ServerResponse, value: unknown): void {
  const headers = { 'content-type': 'application/json' }
  answerText(response, 200, JSON.stringify(value), headers)
}

function missing(response: ServerResponse): void {
  answerText(response, 404, 'Not found\n')
}

function refuse(response: ServerResponse, method: string): void {
  answerText(response, 400, `Error: verb not supported: ${method}\n`)
}

function pathOf(prefix: string): string {
  const path = prefix.replace(/^\/+|\/+$/g, '')
  return path === '' ? '' : `/${path}`
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return ''
  }
}
