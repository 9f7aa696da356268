/** The body of a write as the value that it says, JSON or YAML, with the fields that it says twice. */
import type { FastifyRequest } from 'fastify'
import { parseJson } from '../../../controllers/sets/parse-json.ts'
import { parseYaml } from '../../../controllers/sets/parse-yaml.ts'
import { decode, type SourceText } from '../../../controllers/sets/source-text.ts'
import { plainValue, type Tree } from '../../../controllers/sets/tree.ts'
import { StatusError } from '../status.ts'
import { judgeShape } from './judge-shape.ts'

export interface ReadBody {
  readonly value: unknown
  /** `spec.shards`, where a body says it more than once; the last one counts. */
  readonly duplicates: readonly string[]
}

const YAML = /^application\/((apply-patch\+)?yaml|x-yaml)\s*(;|$)/i
const JSON_TYPE = /^application\/([\w.-]+\+)?json\s*(;|$)/i
const ACCEPTED = 'application/json, application/yaml'
const FILE = 'the body'

export function readBody(request: FastifyRequest): ReadBody {
  const type = request.headers['content-type'] ?? 'application/json'
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  // What clients apply is YAML by its type and JSON by its form, which is read ten times as fast.
  if (YAML.test(type)) return isJson(bytes) ? readJson(bytes) : readYaml(bytes)
  if (JSON_TYPE.test(type)) return readJson(bytes)
  throw new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${ACCEPTED}`,
  )
}

function isJson(bytes: Buffer): boolean {
  if (!/^\s*\{/.test(bytes.toString('latin1', 0, 64))) return false
  try {
    JSON.parse(bytes.toString())
    return true
  } catch {
    return false
  }
}

function readJson(bytes: Buffer): ReadBody {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch (error) {
    throw refused(`json parse error: ${error instanceof Error ? error.message : String(error)}`)
  }
  judgeShape(value)
  const source = sourceOf(bytes, 'body.json')
  const { problems } = parseJson(source)
  return { value, duplicates: problems.length === 0 ? [] : duplicatesOf(bytes.toString()) }
}

/** Only reached where the strict reader found something: most often nothing is said twice. */
function duplicatesOf(text: string): readonly string[] {
  const duplicates: string[] = []
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)
  const levels: { readonly keys: Set<string> | undefined; key: string; index: number }[] = []
  let last = ''
  for (const [token] of tokens) {
    const level = levels.at(-1)
    if (token === '{' || token === '[')
      levels.push({ keys: token === '{' ? new Set() : undefined, key: '', index: 0 })
    else if (token === '}' || token === ']') levels.pop()
    else if (token === ',' && level !== undefined) level.index += 1
    else if (token === ':' && level?.keys !== undefined) {
      level.key = String(JSON.parse(last))
      if (level.keys.has(level.key)) duplicates.push(placeOf(levels))
      level.keys.add(level.key)
    }
    last = token
  }
  return duplicates
}

function placeOf(
  levels: readonly { readonly keys: unknown; readonly key: string; readonly index: number }[],
): string {
  return levels
    .map(({ keys, key, index }) => (keys === undefined ? `[${index}]` : `.${key}`))
    .join('')
    .slice(1)
}

/** What our YAML refuses has two meanings: it is refused here too, as a form and not as a field. */
function readYaml(bytes: Buffer): ReadBody {
  const { documents, problems } = parseYaml(sourceOf(bytes, 'body.yaml'))
  const trees: Tree[] = documents.flatMap(({ tree }) => tree ?? [])
  const [problem] = problems
  if (problem !== undefined) throw refused(`yaml: line ${problem.line}: ${problem.message}`)
  if (trees.length !== 1 || trees[0] === undefined)
    throw refused(`expected one document, got ${trees.length}`)
  return { value: plainValue(trees[0]), duplicates: [] }
}

function sourceOf(bytes: Buffer, file: string): SourceText {
  const decoded = decode(file, bytes)
  if (decoded.ok) return decoded.source
  throw refused(decoded.problem.message)
}

function refused(message: string): StatusError {
  return new StatusError(400, 'BadRequest', `${FILE}: ${message}`)
}
