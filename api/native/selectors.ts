/**
 * Label and field selectors: which objects of a list or a watch a client wants.
 *
 * Labels: `a=b`, `a==b`, `a!=b`, `a in (b, c)`, `a notin (b, c)`, `a`, `!a`. Fields: `metadata.name` and
 * `metadata.namespace`, and for events what they are about.
 */
import type { ResourceObject } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { compilePath } from './json-path.ts'

export type Matches = (object: ResourceObject) => boolean

export const RESOURCE_FIELDS: readonly string[] = ['metadata.name', 'metadata.namespace']
export const SELECTOR_LENGTH_MAX = 4096

const KEY =
  /^([a-z0-9A-Z]([-a-z0-9A-Z_.]*[a-z0-9A-Z])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/
const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/
const COMPARISON = /^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$/
/** Commas within parentheses separate values, not requirements. */
const REQUIREMENTS = /,(?![^(]*\))/

/** Undefined where every object is wanted. */
export function readSelectors(
  query: Readonly<Record<string, unknown>>,
  fields: readonly string[] = RESOURCE_FIELDS,
): Matches | undefined {
  const labels = textOf(query, 'labelSelector')
  const wanted = textOf(query, 'fieldSelector')
  const tests = [
    ...(labels === undefined ? [] : labels.split(REQUIREMENTS).map(labelTest)),
    ...(wanted === undefined ? [] : wanted.split(',').map((one) => fieldTest(one, fields))),
  ]
  if (tests.length === 0) return undefined
  return (object) => tests.every((matches) => matches(object))
}

function textOf(query: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = query[name]
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string' && value.length <= SELECTOR_LENGTH_MAX) return value
  throw refused(`${name}: expected one text of at most ${SELECTOR_LENGTH_MAX} characters`)
}

function labelTest(text: string): Matches {
  const requirement = text.trim()
  const set = SET.exec(requirement)
  if (set !== null) {
    const [, key = '', operator, list = ''] = set
    const values = new Set(list.split(',').map((value) => labelValue(value.trim(), text)))
    const name = labelKey(key, text)
    return operator === 'in'
      ? (object) => values.has(labelOf(object, name) ?? '\n')
      : (object) => !values.has(labelOf(object, name) ?? '\n')
  }
  const comparison = COMPARISON.exec(requirement)
  if (comparison !== null) {
    const [, key = '', operator, value = ''] = comparison
    const name = labelKey(key, text)
    const wanted = labelValue(value, text)
    return operator === '!='
      ? (object) => labelOf(object, name) !== wanted
      : (object) => labelOf(object, name) === wanted
  }
  const absent = requirement.startsWith('!')
  const name = labelKey(absent ? requirement.slice(1).trim() : requirement, text)
  return (object) => (labelOf(object, name) === undefined) === absent
}

function labelOf({ metadata }: ResourceObject, name: string): string | undefined {
  return metadata.labels?.[name]
}

function labelKey(key: string, requirement: string): string {
  if (KEY.test(key)) return key
  throw refused(`unable to parse requirement: expected a label, got ${quoted(requirement)}`)
}

function labelValue(value: string, requirement: string): string {
  if (VALUE.test(value) && value.length <= 63) return value
  throw refused(`unable to parse requirement: expected a label value in ${quoted(requirement)}`)
}

function fieldTest(text: string, fields: readonly string[]): Matches {
  const match = /^\s*([^=!\s]+?)\s*(==|=|!=)(.*)$/.exec(text)
  if (match === null)
    throw refused(`invalid selector: ${quoted(text)}; can't understand ${quoted(text)}`)
  const [, field = '', operator, value = ''] = match
  if (!fields.includes(field)) throw refused(`field label not supported: ${field}`)
  const look = compilePath(`.${field}`)
  return (object) => (String(look(object) ?? '') === value) === (operator !== '!=')
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200))
}

function refused(message: string): HeadgateError {
  return new HeadgateError('BadRequest', message)
}
