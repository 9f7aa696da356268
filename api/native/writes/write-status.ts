/** Refusals of writes in the words that clients of Kubernetes know, each cause with its field. */
import { ProblemsError } from '../../../controllers/problems-error.ts'
import type { Problem } from '../../../controllers/sets/problem.ts'
import { GROUP } from '../../../crds/resource.ts'
import { asHeadgateError } from '../../../engine/error.ts'
import { type StatusCause, type StatusDetails, StatusError, statusOf } from '../status.ts'

export interface WriteSubject {
  readonly kind: string
  readonly plural: string
  readonly name: string
}

export function refusalOf(thrown: unknown, subject: WriteSubject): unknown {
  if (thrown instanceof StatusError) return thrown
  if (thrown instanceof ProblemsError) return invalid(subject, causesOf(thrown))
  const { kind, plural, name } = subject
  const error = asHeadgateError(thrown)
  const what = `${plural}.${GROUP} ${JSON.stringify(name)}`
  const details: StatusDetails = { name, group: GROUP, kind: plural }
  switch (error.code) {
    case 'AlreadyExists':
      return new StatusError(409, 'AlreadyExists', `${what} already exists`, details)
    case 'NotFound':
      return new StatusError(404, 'NotFound', `${what} not found`, details)
    case 'ObjectChanged':
      return changed(what, details)
    case 'Immutable':
      return invalid(subject, [{ reason: 'FieldValueInvalid', message: error.message }])
    case 'Internal':
      return thrown
    default: {
      const body = statusOf(error, { kind: plural, name })
      const causes = [{ reason: error.code, message: error.message }]
      return new StatusError(body.code, body.reason ?? error.code, body.message ?? error.message, {
        ...body.details,
        ...(kind === '' ? {} : { causes }),
      })
    }
  }
}

export function changed(what: string, details: StatusDetails): StatusError {
  const message =
    'the object has been modified; please apply your changes to the latest version and try again'
  return new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${what}: ${message}`,
    details,
  )
}

/** `Stream.headgate.dev "x" is invalid: spec.shards: …`, with all that is wrong. */
export function invalid({ kind, name }: WriteSubject, causes: readonly StatusCause[]): StatusError {
  const texts = causes.map(({ field, message }) =>
    field === undefined ? message : `${field}: ${message}`,
  )
  const all = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  return new StatusError(
    422,
    'Invalid',
    `${kind}.${GROUP} ${JSON.stringify(name)} is invalid: ${all}`,
    {
      name,
      group: GROUP,
      kind,
      causes,
    },
  )
}

const REASONS: Readonly<Record<string, string>> = {
  FieldMissing: 'FieldValueRequired',
  NotYetAvailable: 'FieldValueNotSupported',
}

function causesOf({ problems, fields }: ProblemsError): readonly StatusCause[] {
  return problems
    .filter(({ severity }) => severity === 'error')
    .map((problem) => {
      const field = fieldOf(problem, fields)
      return {
        reason: REASONS[problem.code] ?? 'FieldValueInvalid',
        message:
          problem.hint === undefined ? problem.message : `${problem.message}; ${problem.hint}`,
        ...(field === undefined ? {} : { field }),
      }
    })
}

function fieldOf(problem: Problem, fields: ReadonlyMap<Problem, string>): string | undefined {
  const field = fields.get(problem)
  if (problem.code !== 'FieldMissing' || problem.expected === undefined) return field
  return field === undefined ? problem.expected : `${field}.${problem.expected}`
}
