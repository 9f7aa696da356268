/** Gives the approval that a source's plan waits for. */
import { identityText } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { SourceLoop } from '../apply/source-loop.ts'
import type { Approval } from '../control-plane.ts'
import { isApprovable } from '../status/source-object.ts'
import type { Running } from './running.ts'

export function approvePlanned(
  loop: SourceLoop,
  digest: string | undefined,
  running: Running,
): Approval {
  const { catalog, options } = running
  const { name } = loop.declaration
  const plan = loop.state().plan
  const waiting = plan?.actions.filter(isApprovable) ?? []
  const current = waiting.length === 0 ? undefined : plan?.destructiveDigest
  if (current === undefined)
    throw new HeadgateError('DigestMismatch', `Nothing of source ${name} waits for approval.`)
  if (digest !== undefined && digest !== current)
    throw new HeadgateError(
      'DigestMismatch',
      `What is blocked now has the digest ${current}, not ${digest}.`,
      {
        hint: `Look at it with \`headgate get sources ${name} -o yaml\`, then approve what is there now.`,
      },
    )
  catalog.approvals.give(name, { digest: current, givenUs: options.clock.wallUs() })
  loop.planAgain()
  const actions = waiting.map(
    ({ wanted, identity }) => `${wanted ?? 'delete'} ${identityText(identity)}`,
  )
  return { source: name, digest: current, actions }
}
