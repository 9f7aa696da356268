/**
 * A plan that was saved, to be applied later exactly as it was shown or not at all.
 *
 * One JSON object in a file that only its owner may read, for the set may hold secrets: the whole set, so that nothing
 * is read again, and the digest of the plan, which another state of the server would not have.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { SourceFile } from '../controllers/control-plane.ts'
import { HeadgateError } from '../engine/error.ts'
import type { PlannedSet } from './plan-client.ts'

export interface SavedPlan {
  readonly format: typeof FORMAT
  readonly source: string
  /** Whose state it was made from. */
  readonly server: string
  readonly files: readonly SourceFile[]
  readonly planned: PlannedSet
}

const FORMAT = 'headgate.dev/saved-plan.v1'
const OWNER_ONLY = 0o600

export function writeSavedPlan(path: string, saved: Omit<SavedPlan, 'format'>): void {
  const text = `${JSON.stringify({ format: FORMAT, ...saved })}\n`
  writeFileSync(path, text, { mode: OWNER_ONLY })
}

/** Undefined for a file that holds something else, such as resources. */
export function readSavedPlan(path: string): SavedPlan | undefined {
  const text = readFileSync(path, 'utf8')
  if (!text.startsWith('{"format":"headgate.dev/saved-plan.')) return undefined
  let saved: Partial<SavedPlan>
  try {
    saved = JSON.parse(text) as Partial<SavedPlan>
  } catch (cause) {
    throw unusable(path, 'it is cut or damaged', cause)
  }
  if (saved.format !== FORMAT) throw unusable(path, `its format is ${String(saved.format)}`)
  const { source, server, files, planned } = saved
  if (source === undefined || server === undefined || files === undefined || planned === undefined)
    throw unusable(path, 'a part of it is missing')
  return { format: FORMAT, source, server, files, planned }
}

function unusable(path: string, because: string, cause?: unknown): HeadgateError {
  return new HeadgateError(
    'Usage',
    `${path}: expected a plan of \`headgate plan --out\`, but ${because}`,
    {
      cause,
      hint: 'Plan again with --out, and apply that.',
    },
  )
}
