/** What all streams share by label: posted, made, and kept before the answer. */
import { asHeadgateError, HeadgateError } from '../../engine/error.ts'
import { RESOURCE_ROLES, type ResourceRole } from '../../engine/pipelines/resource-labels.ts'
import { SetRefused } from '../apply/set-refused.ts'
import { isGiven } from '../connect/given-resources.ts'
import { judgeResource, type StoredResource } from '../connect/judge-resource.ts'
import type { LintOptions } from '../connect/lint-stream.ts'
import { identityOfStream } from '../connect/stored-stream.ts'
import { exclusiveName } from '../reconcilers/exclusive-claims.ts'
import type { Running } from './running.ts'

/** The new one is built before the old one goes; what cannot be built changes nothing. */
export async function putResource(
  type: string,
  label: string,
  body: Uint8Array,
  lint: LintOptions,
  { dryRun }: { readonly dryRun: boolean },
  running: Running,
): Promise<void> {
  const role = RESOURCE_ROLES.find((one) => one === type)
  if (role === undefined)
    throw new HeadgateError(
      'BadRequest',
      'Var `type` must be set to one of `cache`, `input`, `output`, `processor` or `rate_limit`',
    )
  if (isGiven(running.options.resources, role, label))
    throw new HeadgateError(
      'Conflict',
      `the ${role} ${label} is given by a file of --resources: edit that instead`,
    )
  const resource = await judgeResource(role, label, body, lint)
  if (dryRun) return
  const before = stored(role, label, running)
  await makeResource(role, label, resource.runs, running).catch((error: unknown) => {
    throw notBuilt(label, asHeadgateError(error))
  })
  try {
    running.posted.resources.put({ role, label, text: JSON.stringify(resource) })
  } catch (error) {
    if (before !== undefined) await makeResource(role, label, before.runs, running)
    throw error
  }
  // Whoever waited for the label, and was refused for its sake, may have it now.
  for (const loop of running.loops.values()) loop.planAgain()
}

function notBuilt(label: string, { message, hint }: HeadgateError): SetRefused {
  const identity = identityOfStream(label)
  return new SetRefused(message, [{ identity, verb: 'create', because: 'failed', message, hint }])
}

/** After a start, before anything that may name one. What cannot be made now is told when it is used. */
export async function restoreResources(running: Running): Promise<void> {
  for (const { role, label, text } of running.posted.resources.all()) {
    if (isGiven(running.options.resources, role as ResourceRole, label)) {
      running.options.logger.warn('A shared resource that was posted gives way to a file.', {
        role,
        label,
      })
      continue
    }
    const resource = JSON.parse(text) as StoredResource
    try {
      await makeResource(role as ResourceRole, label, resource.runs, running)
    } catch (error) {
      running.options.logger.warn('A shared resource cannot be made.', {
        role,
        label,
        reason: error instanceof Error ? error.message : String(error),
      })
    }
  }
}

/** Makes what stands behind the label, or puts it in the place of what does. */
export async function makeResource(
  role: ResourceRole,
  label: string,
  runs: unknown,
  { reconcilers, options }: Running,
): Promise<void> {
  const { claims, shared } = reconcilers
  const key = `resource ${role}/${label}`
  const spec = role === 'input' || role === 'output' ? { [role]: runs } : {}
  const { exclusives } = await options.builders.inspectPipeline(spec)
  const names = exclusives
    .map((written) => exclusiveName(written, options.directory))
    .filter((name) => name !== undefined)
  claims.claim(key, names)
  await shared.put(role, label, runs)
  claims.keep(key, names)
}

function stored(
  role: ResourceRole,
  label: string,
  { posted }: Running,
): StoredResource | undefined {
  const known = posted.resources.all().find((one) => one.role === role && one.label === label)
  return known && (JSON.parse(known.text) as StoredResource)
}
