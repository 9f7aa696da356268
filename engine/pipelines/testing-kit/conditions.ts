/** Judges one message that came out by the conditions that a test has for it. */
import { compileQuery } from '../../bloblang/bloblang.ts'
import type { BloblangEnvironment } from '../../bloblang/environment.ts'
import type { Query } from '../../bloblang/mapping.ts'
import { encodePayload } from '../../bloblang/values/encode-payload.ts'
import type { Value } from '../../bloblang/values/value.ts'
import type { Batch, Message } from '../message.ts'
import { differenceText, jsonDifferences } from './json-differences.ts'
import { lineDifference } from './line-difference.ts'
import type { ConditionName, TestConditions } from './test-case.ts'

export interface ConditionFailure {
  readonly condition: ConditionName
  readonly message: string
  /** Where it differs, a line each. */
  readonly details: readonly string[]
}

export interface ConditionContext {
  readonly batch: Batch
  readonly index: number
  readonly bloblang: BloblangEnvironment
  /** Throws where the file cannot be read. */
  bytes(path: string): Uint8Array
}

export function failedConditions(
  conditions: TestConditions,
  context: ConditionContext,
): readonly ConditionFailure[] {
  const failures: ConditionFailure[] = []
  for (const [name, expected] of Object.entries(conditions)) {
    if (expected === undefined) continue
    const condition = name as ConditionName
    try {
      const found = JUDGES[condition](expected, context)
      if (found !== undefined) failures.push({ condition, ...found })
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error)
      failures.push({ condition, message: because, details: [] })
    }
  }
  return failures
}

type Found = Omit<ConditionFailure, 'condition'> | undefined
type Judge = (expected: unknown, context: ConditionContext) => Found

const JUDGES: Readonly<Record<ConditionName, Judge>> = {
  bloblang: (expected, context) => judgeQuery(String(expected), context),
  content_equals: (expected, context) => judgeText(String(expected), contentOf(context)),
  content_matches: (expected, context) => judgeMatch(String(expected), context),
  metadata_equals: (expected, context) => judgeMetadata(expected as object, messageOf(context)),
  file_equals: (expected, context) =>
    judgeText(textOf(context.bytes(String(expected))), contentOf(context)),
  json_equals: (expected, context) => judgeDocument(documentOf(expected), context, false),
  json_contains: (expected, context) => judgeDocument(documentOf(expected), context, true),
  file_json_equals: (expected, context) =>
    judgeDocument(fileDocument(String(expected), context), context, false),
  file_json_contains: (expected, context) =>
    judgeDocument(fileDocument(String(expected), context), context, true),
}

function judgeQuery(text: string, { batch, index, bloblang }: ConditionContext): Found {
  if (queryOf(text, bloblang).test(batch, index)) return undefined
  return { message: `expected true, got false of: ${text.trim()}`, details: [] }
}

function judgeText(expected: string, got: string): Found {
  if (expected === got) return undefined
  return {
    message: 'the content differs (- expected, + got)',
    details: lineDifference(expected, got),
  }
}

function judgeMatch(pattern: string, context: ConditionContext): Found {
  const { batch, index, bloblang } = context
  const query = queryOf(`content().string().re_match(${JSON.stringify(pattern)})`, bloblang)
  if (query.test(batch, index)) return undefined
  const message = `expected content that matches ${pattern}`
  return { message, details: [`got ${JSON.stringify(contentOf(context))}`] }
}

function judgeMetadata(expected: object, message: Message): Found {
  const details = Object.entries(expected).flatMap(([key, value]) => {
    const got = message.metadata(key)
    const wanted = typeof value === 'string' ? value : JSON.stringify(value)
    const found = got === undefined ? undefined : textOf(encodePayload(got as Value))
    if (found === wanted) return []
    const shown = found === undefined ? 'nothing' : JSON.stringify(found)
    return `${key}: expected ${JSON.stringify(wanted)}, got ${shown}`
  })
  return details.length === 0 ? undefined : { message: 'the metadata differs', details }
}

function judgeDocument(expected: unknown, context: ConditionContext, partly: boolean): Found {
  const content = contentOf(context)
  let got: unknown
  try {
    got = JSON.parse(content)
  } catch {
    const details = [`got ${JSON.stringify(content.slice(0, CONTENT_SHOWN_MAX))}`]
    return { message: 'expected a JSON document, got other content', details }
  }
  const differences = jsonDifferences(expected, got, partly)
  if (differences.length === 0) return undefined
  const message = partly ? 'the document lacks what is expected' : 'the document differs'
  return { message, details: differences.map(differenceText) }
}

const CONTENT_SHOWN_MAX = 200

/** A document may be written as it is, or as its JSON text. */
function documentOf(expected: unknown): unknown {
  if (typeof expected !== 'string') return expected
  try {
    return JSON.parse(expected)
  } catch {
    return expected
  }
}

function fileDocument(path: string, { bytes }: ConditionContext): unknown {
  const text = textOf(bytes(path))
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`${path} is no JSON: ${error instanceof Error ? error.message : error}`)
  }
}

function queryOf(text: string, environment: BloblangEnvironment): Query {
  const compiled = compileQuery(text, environment)
  if (compiled.ok) return compiled.value
  const [first] = compiled.problems
  const place = first === undefined ? '' : `line ${first.line} char ${first.column}: `
  throw new Error(`the query does not compile: ${place}${first?.message ?? ''}`)
}

function messageOf({ batch, index }: ConditionContext): Message {
  // A condition is judged for a message that is there.
  return batch[index] as Message
}

function contentOf(context: ConditionContext): string {
  return textOf(messageOf(context).content())
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}
