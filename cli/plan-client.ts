/** Asks a server for the plan of a set. Nothing changes by it, for a source that is not there yet either. */
import type { SourceFile } from '../controllers/control-plane.ts'
import type { Problem } from '../controllers/sets/problem.ts'
import { HeadgateError } from '../engine/error.ts'
import type { Client } from './client.ts'
import type { PrintedPlan } from './printed-plan.ts'

export interface PlannedSet extends PrintedPlan {
  readonly problems: readonly Problem[]
}

export function sourcePath(source: string): string {
  return `/sources/${encodeURIComponent(source)}`
}

export async function planSet(
  client: Client,
  source: string,
  files: readonly SourceFile[],
): Promise<PlannedSet> {
  try {
    return await client.json<PlannedSet>('POST', `${sourcePath(source)}/plan`, { files })
  } catch (error) {
    if (!(error instanceof HeadgateError) || error.code !== 'NotFound') throw error
    // A first apply would make the source.
    return await client.json<PlannedSet>('POST', `${sourcePath(source)}/apply`, {
      files,
      dryRun: true,
    })
  }
}
