/**
 * The verdicts of the two doors on one file: of the API server, which is asked with `fieldValidation=Strict` and a dry
 * run, and of our own reader, of which the layers count that the API server has: schema and cel.
 */
import { parseAllDocuments } from 'yaml'
import { readTexts } from '../../controllers/sets/testing.ts'
import { kinds } from '../../crds/kinds.ts'
import { API_VERSION, type Kind } from '../../crds/resource.ts'
import { type ApiServer, call, kubectl } from './api-server.ts'

export interface Verdict {
  readonly accepted: boolean
  readonly because: readonly string[]
}

/** Undefined for what is no YAML of ours: only we judge forms. */
export async function verdictOfOurs(name: string, text: string): Promise<Verdict | undefined> {
  const { problems } = await readTexts({ [name]: text })
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.some(({ layer }) => layer === 'syntax')) return undefined
  const judged = errors.filter(({ layer }) => layer === 'schema' || layer === 'cel')
  const because = judged.map(({ layer, line, message }) => `${line}: ${layer}: ${message}`)
  return { accepted: because.length === 0, because }
}

/** Accepted when each document of the file is. */
export async function verdictOfServer(server: ApiServer, text: string): Promise<Verdict> {
  const because: string[] = []
  for (const document of text.split(/^---(?:[ \t].*)?$/m).filter((one) => one.trim() !== '')) {
    const refusal = await refusalOf(server, document)
    if (refusal !== undefined) because.push(refusal)
  }
  return { accepted: because.length === 0, because }
}

async function refusalOf(server: ApiServer, document: string): Promise<string | undefined> {
  const path = pathOf(document)
  if (path === undefined) {
    const args = ['create', '--dry-run=server', '--validate=strict', '-f', '-']
    const { status, stderr } = await kubectl(server, args, document)
    return status === 0 ? undefined : stderr
  }
  const { status, body } = await call(server, 'POST', path, document)
  const missing = /^namespaces "(.+)" not found$/.exec(body.message ?? '')?.[1]
  if (missing === undefined) return status === 201 ? undefined : String(body.message)
  const made = await call(server, 'POST', '/api/v1/namespaces', { metadata: { name: missing } })
  return made.status === 201 ? refusalOf(server, document) : String(made.body.message)
}

/** Where a client would post it; undefined where that takes a client to find out. */
function pathOf(document: string): string | undefined {
  const [first] = parseAllDocuments(document, { logLevel: 'silent' })
  const { apiVersion, kind, metadata } = (first?.toJS() ?? {}) as Partial<
    Readonly<Record<string, unknown>>
  >
  if (apiVersion !== API_VERSION || typeof kind !== 'string' || !Object.hasOwn(kinds, kind))
    return undefined
  const written = (metadata as { readonly namespace?: unknown } | null | undefined)?.namespace
  const namespace = encodeURIComponent(String(written ?? 'default'))
  const { plural } = kinds[kind as Kind]
  return `/apis/${API_VERSION}/namespaces/${namespace}/${plural}?dryRun=All&fieldValidation=Strict`
}
