/** The quotas of headgate.yaml as numbers; what its schema cannot say is judged here. */
import { parseSizeBytes, SIZE_PATTERN } from '../../crds/size.ts'
import type { Quota, Quotas } from '../../engine/streams/quotas.ts'
import { isNamespace, NAMESPACE_TEXT } from '../sets/object-meta.ts'
import type { ProblemList } from '../sets/problem-list.ts'
import { found } from '../sets/value-text.ts'

const FIELDS = ['bytes', 'bytesPerSecond'] as const
const SIZE = new RegExp(SIZE_PATTERN)
const INVALID = { layer: 'schema', code: 'FieldInvalid' } as const

/** What the schema refuses is told by it alone. */
export function judgeQuotas(value: unknown, list: ProblemList): Quotas {
  const section = (value as { readonly quotas?: unknown } | null)?.quotas
  const quotas = new Map<string, Quota>()
  if (!isMapping(section)) return quotas
  for (const [namespace, quota] of Object.entries(section)) {
    if (!isNamespace(namespace)) {
      const told = found(NAMESPACE_TEXT, namespace)
      list.add({ ...INVALID, path: ['quotas', namespace], at: 'key', ...told })
    }
    if (isMapping(quota)) quotas.set(namespace, quotaOf(quota))
  }
  return quotas
}

function quotaOf(quota: Readonly<Record<string, unknown>>): Quota {
  const judged: { bytes?: number; bytesPerSecond?: number } = {}
  for (const field of FIELDS) {
    const text = quota[field]
    if (typeof text !== 'string' || !SIZE.test(text)) continue
    const bytes = parseSizeBytes(text)
    if (bytes !== undefined) judged[field] = bytes
  }
  return judged
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
