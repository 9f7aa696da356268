/** What the query of a write says: who writes, whether it counts, and how strictly fields are judged. */
import type { FastifyRequest } from 'fastify'
import { query } from '../context.ts'
import { StatusError } from '../status.ts'

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

export interface WriteOptions {
  readonly dryRun: boolean
  readonly fieldManager: string
  readonly fieldValidation: FieldValidation
  readonly force: boolean
}

export const FIELD_MANAGER_LENGTH_MAX = 128
type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions'

export function readWriteOptions(
  request: FastifyRequest,
  kind: OptionsKind,
  isApply: boolean = false,
): WriteOptions {
  const parameters = query(request)
  return {
    dryRun: isDryRun(parameters['dryRun'], kind),
    fieldManager: readManager(request, parameters['fieldManager'], kind, isApply),
    fieldValidation: readValidation(parameters['fieldValidation'], kind),
    force: parameters['force'] === 'true' || parameters['force'] === '1',
  }
}

export function isDryRun(value: unknown, kind: OptionsKind): boolean {
  const values = [value].flat().filter((one) => one !== undefined && one !== '')
  const wrong = values.find((one) => one !== 'All')
  if (wrong === undefined) return values.length > 0
  const message = `Unsupported value: ${JSON.stringify(values)}: supported values: "All"`
  throw invalidOption(kind, 'dryRun', 'FieldValueNotSupported', message)
}

/** What the User-Agent begins with, as `kubectl/v1.35 …`, stands in for a name. */
function readManager(
  request: FastifyRequest,
  value: unknown,
  kind: OptionsKind,
  isApply: boolean,
): string {
  if (value !== undefined && value !== '') {
    const name = String(value)
    if (Buffer.byteLength(name) > FIELD_MANAGER_LENGTH_MAX) {
      const message = `Too long: may not be more than ${FIELD_MANAGER_LENGTH_MAX} bytes`
      throw invalidOption(kind, 'fieldManager', 'FieldValueTooLong', message)
    }
    if (!/\p{Cc}/u.test(name)) return name
    const message = `Invalid value: ${JSON.stringify(name)}: should only contain printable characters`
    throw invalidOption(kind, 'fieldManager', 'FieldValueInvalid', message)
  }
  if (isApply) {
    const message = 'Required value: is required for apply patch'
    throw invalidOption(kind, 'fieldManager', 'FieldValueRequired', message)
  }
  const agent = request.headers['user-agent'] ?? ''
  return agent.split('/', 1)[0]?.slice(0, FIELD_MANAGER_LENGTH_MAX) || 'unknown'
}

function readValidation(value: unknown, kind: OptionsKind): FieldValidation {
  if (value === undefined || value === '') return 'Warn'
  if (value === 'Strict' || value === 'Warn' || value === 'Ignore') return value
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: "", "Ignore", "Strict", "Warn"`
  throw invalidOption(kind, 'fieldValidation', 'FieldValueNotSupported', message)
}

export function invalidOption(
  kind: OptionsKind,
  field: string,
  reason: string,
  message: string,
): StatusError {
  return new StatusError(
    422,
    'Invalid',
    `${kind}.meta.k8s.io "" is invalid: ${field}: ${message}`,
    { group: 'meta.k8s.io', kind, causes: [{ reason, message, field }] },
  )
}
