/** What every native handler works with, and how each of them asks whether it may. */
import type { FastifyRequest } from 'fastify'
import type { ControlPlane } from '../../controllers/control-plane.ts'
import { type AccessTarget, decide, LOCAL_ADMIN, type Right } from '../../engine/access/decide.ts'
import type { BackupResult } from '../../engine/backup.ts'
import type { RedriveReport } from '../../engine/dead-letters/redrive.ts'
import type { Engine } from '../../engine/engine.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { StreamDirectory } from '../../engine/pipelines/pipeline.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import type { Random } from '../../engine/ports/random.ts'
import type { GroupLag } from '../../engine/streams/group-lag.ts'
import type { StreamRates } from '../../engine/streams/stream-rates.ts'

export interface NativeContext {
  readonly controlPlane: ControlPlane
  readonly engine: Engine
  readonly streams: StreamDirectory
  readonly groupLag: Pick<GroupLag, 'measure'>
  readonly streamRates: Pick<StreamRates, 'rateOf'>
  readonly clock: Clock
  readonly random: Pick<Random, 'next' | 'uuid'>
  /** Absent where nothing is kept. */
  readonly backup?: ((directory: string) => Promise<BackupResult>) | undefined
  /** Aborts when the server closes: long polls end then. */
  readonly closing: AbortSignal
  /** Counts what became of the dead letters of a stream. */
  readonly observeRedrive?: (stream: string, report: RedriveReport) => void
}

export const BASE = '/apis/headgate.dev/v1alpha1'

/** On a loopback listener without login every caller is the local administrator. */
export function requireAccess(right: Right, target: AccessTarget): void {
  const decision = decide(LOCAL_ADMIN, right, target)
  if (decision.allowed) return
  const name = [target.namespace, target.name].filter((part) => part !== undefined).join('/')
  throw new HeadgateError('Forbidden', `${right} on ${target.kind} ${name}: ${decision.reason}`)
}

export function parameter(request: FastifyRequest, name: string): string {
  return (request.params as Readonly<Record<string, string>>)[name] ?? ''
}

export function query(request: FastifyRequest): Readonly<Record<string, unknown>> {
  return request.query as Readonly<Record<string, unknown>>
}

/** The JSON object that a small request carries; an empty body is an empty object. */
export function bodyObject(request: FastifyRequest): Readonly<Record<string, unknown>> {
  const body = request.body
  const text = Buffer.isBuffer(body) ? body.toString() : ''
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    throw new HeadgateError('BadRequest', `the body: expected JSON: ${what}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>
  }
  throw new HeadgateError('BadRequest', 'the body: expected a JSON object, got something else')
}
