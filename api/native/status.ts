/**
 * What the native API answers when it does not do what it was asked: a Kubernetes Status, so that kubectl and every
 * client library print it as they print the API server's own.
 */

import { GROUP } from '../../crds/resource.ts'
import { asHeadgateError, HeadgateError } from '../../engine/error.ts'
import type { ErrorCode } from '../../engine/error-codes.ts'

export interface StatusBody {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: Record<string, never>
  readonly status: 'Success' | 'Failure'
  readonly message?: string
  readonly reason?: string
  readonly details?: StatusDetails
  readonly code: number
}

export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  /** The plural, as Kubernetes has it. */
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

export interface StatusCause {
  readonly reason: string
  readonly message: string
  readonly field?: string
}

/** What a request was about, for `details`. */
export interface StatusSubject {
  readonly kind: string
  readonly name?: string
}

/** Codes that Kubernetes has a word of its own for; all others are their own reason. */
const REASONS: Partial<Record<ErrorCode, string>> = {
  Internal: 'InternalError',
  ObjectChanged: 'Conflict',
  RevisionExpired: 'Expired',
  RevisionUnknown: 'Timeout',
  StreamNotFound: 'NotFound',
  StreamSealed: 'Sealed',
  RecordTooLarge: 'RequestEntityTooLarge',
}

/** A refusal whose HTTP status is not the one that its code has in general: 405, 410, 413, 415. */
export class StatusError extends Error {
  readonly body: StatusBody
  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message)
    this.body = failure(code, reason, message, details)
  }
}

export function failure(
  code: number,
  reason: string,
  message: string,
  details?: StatusDetails,
): StatusBody {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  }
}

export function success(details: StatusDetails): StatusBody {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details, code: 200 }
}

/** A defect of ours answers without its text: that may hold anything. The log has it. */
export function statusOf(thrown: unknown, subject?: StatusSubject): StatusBody {
  if (thrown instanceof StatusError) return thrown.body
  const error = asHeadgateError(thrown)
  const text =
    error.code === 'Internal' ? 'the server failed; its log has the cause' : error.message
  const message = error.hint === undefined ? text : `${text}\n${error.hint}`
  return failure(error.class.status, REASONS[error.code] ?? error.code, message, {
    ...(subject?.name === undefined ? {} : { name: subject.name }),
    ...(subject === undefined ? {} : { group: GROUP, kind: subject.kind }),
    causes: [{ reason: error.code, message: text }],
    ...retryAfter(error),
  })
}

export function notFound(plural: string, name: string, hint?: string): HeadgateError {
  const details = hint === undefined ? {} : { hint }
  return new HeadgateError('NotFound', `${plural}.${GROUP} "${name}" not found`, details)
}

function retryAfter(error: HeadgateError): { readonly retryAfterSeconds?: number } {
  if (error.retryAfterMs === undefined) return {}
  return { retryAfterSeconds: Math.max(1, Math.ceil(error.retryAfterMs / 1000)) }
}
