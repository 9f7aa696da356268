/** What `headgate apply` was told to apply: files under a name, or a plan that was saved. */
import { statSync } from 'node:fs'
import type { SourceFile } from '../controllers/control-plane.ts'
import { HeadgateError } from '../engine/error.ts'
import { type Invocation, textOption } from './command.ts'
import { readSavedPlan } from './saved-plan.ts'
import { setFiles } from './set-files.ts'
import { requireSourceName } from './source-name.ts'

export interface ApplyRequest {
  readonly source: string
  readonly files: readonly SourceFile[]
  /** Of a plan that was saved: it is carried out as it was shown then. */
  readonly savedDigest: string | undefined
}

export async function readApplyRequest(invocation: Invocation): Promise<ApplyRequest> {
  const [path = ''] = invocation.arguments
  const source = textOption(invocation, 'source')
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true
  const saved = isFile ? readSavedPlan(path) : undefined
  if (saved === undefined) {
    if (source === undefined) throw nameMissing(path)
    return {
      source: requireSourceName(source),
      files: await setFiles(path, invocation.terminal.stdin),
      savedDigest: undefined,
    }
  }
  if (source !== undefined && source !== saved.source)
    throw new HeadgateError(
      'Usage',
      `${path} is a plan for the source ${saved.source}, not for ${source}`,
      { hint: 'Leave --source away: the plan says it.' },
    )
  return { source: saved.source, files: saved.files, savedDigest: saved.planned.digest }
}

function nameMissing(path: string): HeadgateError {
  return new HeadgateError('Usage', 'expected --source NAME, got none', {
    hint: `The set is owned by that name: what a later apply with the same name no longer holds is removed.\nWrite for example: headgate apply ${path} --source shop`,
  })
}
