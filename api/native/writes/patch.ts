/** Patches: a merge patch (RFC 7386) says the parts that change, a JSON patch (RFC 6902) the steps that change them. */
import { applyPatch, type Operation, Pointer } from 'rfc6902'
import { StatusError } from '../status.ts'
import { judgeShape } from './judge-shape.ts'

export type PatchKind = 'merge' | 'json' | 'apply'

/** A patch with more steps is a program. */
export const PATCH_OPERATIONS_MAX = 10_000
export const COPIED_BYTES_MAX: number = 1024 * 1024

const KINDS: Readonly<Record<string, PatchKind>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/apply-patch+yaml': 'apply',
}
const OPERATIONS: readonly unknown[] = ['add', 'remove', 'replace', 'move', 'copy', 'test']

/** Strategic merge patches are for Kubernetes' own kinds: the API server takes none for those of others either. */
export function patchKindOf(contentType: string | undefined): PatchKind {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined
  if (kind !== undefined) return kind
  throw new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${Object.keys(KINDS).join(', ')}`,
  )
}

export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = mergePatch(merged[name], value)
  }
  return merged
}

/** Step by step, so that the refusal names the one that failed and copies of copies do not grow without end. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  const operations = readOperations(patch)
  const patched = structuredClone(target)
  let copiedBytes = 0
  for (const operation of operations) {
    if (operation.op === 'copy') {
      const copied = Pointer.fromJSON(operation.from).get(patched)
      copiedBytes += JSON.stringify(copied)?.length ?? 0
      if (copiedBytes > COPIED_BYTES_MAX)
        throw new StatusError(
          413,
          'RequestEntityTooLarge',
          `the copies of a JSON patch are too large: expected at most ${COPIED_BYTES_MAX} bytes`,
        )
    }
    const [failed] = applyPatch(patched, [operation])
    if (failed !== null) throw stepFailed(operation, failed)
    if (operation.op === 'copy') judgeShape(patched)
  }
  return patched
}

function stepFailed({ op, path }: Operation, failed: Error | undefined): StatusError {
  const what = JSON.stringify({ op, path })
  const why = failed?.name ?? 'Error'
  return new StatusError(422, 'Invalid', `the patch cannot be applied: ${what}: ${why}`)
}

function readOperations(patch: unknown): readonly Operation[] {
  if (!Array.isArray(patch)) throw refused('expected a list of operations')
  if (patch.length > PATCH_OPERATIONS_MAX)
    throw new StatusError(
      413,
      'RequestEntityTooLarge',
      `the allowed maximum operations in a JSON patch is ${PATCH_OPERATIONS_MAX}, got ${patch.length}`,
    )
  for (const [index, operation] of patch.entries()) {
    const { op, path, from } = (operation ?? {}) as Readonly<Record<string, unknown>>
    const needsFrom = op === 'move' || op === 'copy'
    if (OPERATIONS.includes(op) && isPointer(path) && (!needsFrom || isPointer(from))) continue
    throw refused(`operation ${index}: expected op, path${needsFrom ? ' and from' : ''}`)
  }
  return patch as readonly Operation[]
}

function isPointer(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^(\/.*)?$/s.test(value) &&
    !/\/(__proto__|constructor|prototype)(\/|$)/.test(value)
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(message: string): StatusError {
  return new StatusError(400, 'BadRequest', `error decoding patch: ${message}`)
}
