/**
 * Schemas of the fields that mean more than their JSON type: a mapping, a query, an interpolated text, a duration, a
 * secret, components within a component.
 *
 * The keyword `x-headgate` says what the field is; inspection compiles or descends accordingly, editors ignore it.
 */

import type { TUnsafe } from '../../crds/typebox.ts'
import { Type } from '../../crds/typebox.ts'
import type { SecretReference } from './pipeline.ts'

export const FIELD_KEYWORD = 'x-headgate'

export type FieldKind =
  | 'mapping'
  | 'query'
  | 'interpolated'
  | 'duration'
  | 'secret'
  | 'processors'
  | 'branch_labels'
  | 'input'
  | 'inputs'
  | 'output'
  | 'outputs'
  | 'cache'
  | 'rate_limit'

export interface FieldOptions<Value> {
  readonly description: string
  readonly default?: Value
  readonly examples?: readonly Value[]
}

/** A Bloblang mapping. */
export function mappingField(options: FieldOptions<string>): TUnsafe<string> {
  return field('mapping', { type: 'string' }, options)
}

/** One Bloblang query, such as a check. */
export function queryField(options: FieldOptions<string>): TUnsafe<string> {
  return field('query', { type: 'string' }, options)
}

/** Text with `${! … }` in it. */
export function interpolatedField(options: FieldOptions<string>): TUnsafe<string> {
  return field('interpolated', { type: 'string' }, options)
}

/** Connect's durations: `5s`, `1m30s`; empty means none. */
export function durationField(options: FieldOptions<string>): TUnsafe<string> {
  return field('duration', { type: 'string' }, options)
}

/** Text, or a reference to where the secret is kept; resolve it in `connect`. */
export function secretField(options: FieldOptions<string>): TUnsafe<string | SecretReference> {
  return field('secret', { type: ['string', 'object'] }, options)
}

/** A list of processors. */
export function processorsField(
  options: FieldOptions<readonly unknown[]>,
): TUnsafe<readonly unknown[]> {
  return field('processors', { type: 'array' }, options)
}

/** Labels of entries of `processor_resources`, each a `branch`. */
export function branchLabelsField(
  options: FieldOptions<readonly string[]>,
): TUnsafe<readonly string[]> {
  return field('branch_labels', { type: 'array' }, options)
}

/** One input, for components that wrap another. */
export function inputField(options: FieldOptions<unknown>): TUnsafe<unknown> {
  return field('input', { type: 'object' }, options)
}

/** A list of inputs, for components that join what they give. */
export function inputsField(
  options: FieldOptions<readonly unknown[]>,
): TUnsafe<readonly unknown[]> {
  return field('inputs', { type: 'array' }, options)
}

/**
 * One output, for components that wrap another.
 * @public
 */
export function outputField(options: FieldOptions<unknown>): TUnsafe<unknown> {
  return field('output', { type: 'object' }, options)
}

/**
 * A list of outputs, for components that part or copy what they get.
 * @public
 */
export function outputsField(
  options: FieldOptions<readonly unknown[]>,
): TUnsafe<readonly unknown[]> {
  return field('outputs', { type: 'array' }, options)
}

/** The label of an entry of `cache_resources`; empty means none, where that is the default. */
export function cacheField(options: FieldOptions<string>): TUnsafe<string> {
  return labelField('cache', options)
}

/** The label of an entry of `rate_limit_resources`; empty means none, where that is the default. */
export function rateLimitField(options: FieldOptions<string>): TUnsafe<string> {
  return labelField('rate_limit', options)
}

function labelField(role: 'cache' | 'rate_limit', options: FieldOptions<string>): TUnsafe<string> {
  const title = `the label of an entry of ${role}_resources`
  const mayBeNone = options.default === ''
  const described = { ...options, title, ...(mayBeNone ? {} : { minLength: 1 }) }
  return field(role, { type: 'string' }, described)
}

function field<Value>(
  kind: FieldKind,
  shape: { readonly type: string | readonly string[] },
  options: { readonly description: string },
): TUnsafe<Value> {
  return Type.Unsafe<Value>({ ...shape, ...options, [FIELD_KEYWORD]: kind })
}
