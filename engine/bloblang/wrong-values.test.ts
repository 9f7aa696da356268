/** Every function and method, with everything that it is not made for: it gives a value or fails, and nothing else. */
import { describe, expect, test } from 'vitest'
import { compileMapping } from './bloblang.ts'
import type { FunctionDefinition, MethodDefinition } from './definition.ts'
import { FIXED_ENVIRONMENT, sourceOf } from './evaluate-for-test.ts'
import { functions } from './functions/index.ts'
import { MappingError } from './mapping-error.ts'
import { methods } from './methods/index.ts'

/** Queries of one value of each kind, and of the extremes of numbers and texts. */
const VALUES: readonly string[] = [
  'this.none',
  'this.true',
  'this.zero',
  'this.minus',
  'this.fraction',
  'this.huge',
  'this.digits',
  'this.empty',
  'this.text',
  'this.proto',
  'this.text.bytes()',
  'this.zero.timestamp()',
  'this.list',
  'this.nested',
  'this.object',
  'deleted()',
  'nothing()',
]

const DOCUMENT = `{
  "none": null, "true": true, "zero": 0, "minus": -1, "fraction": 0.5, "huge": 9223372036854775807,
  "digits": 1e300, "empty": "", "text": "ä %s $1 \\ud83d\\ude00 (", "proto": "__proto__",
  "list": [1, "a", null, 2.5], "nested": [[], {}, [[1]]], "object": {"a": {"b": [1]}, "__proto__": {"c": 1}}
}`

/** A mapping that hangs does not end the test, so no run may take long. */
const STEPS = 20_000
const environment = { ...FIXED_ENVIRONMENT, stepsMax: STEPS }

/** What went wrong that is no failure of the mapping. */
function defect(text: string): string | undefined {
  try {
    const compiled = compileMapping(text, environment)
    if (!compiled.ok) return undefined
    compiled.value.map([sourceOf(DOCUMENT)], 0)
    return undefined
  } catch (thrown) {
    if (thrown instanceof MappingError) return undefined
    return `${text}: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`
  }
}

function argumentsOf(definition: FunctionDefinition | MethodDefinition, value: string): string {
  return definition.parameters.map(() => value).join(', ')
}

/** The arguments with which the examples call it: those are right, and only the target is wrong. */
function exampleArguments({ name, examples }: FunctionDefinition | MethodDefinition): string[] {
  return examples.flatMap(({ mapping }) => {
    const found: string[] = []
    for (const call of mapping.matchAll(new RegExp(`(?<!\\w)${name}\\(`, 'g'))) {
      const from = call.index + call[0].length
      const end = closing(mapping, from)
      if (end !== undefined) found.push(mapping.slice(from, end))
    }
    return found
  })
}

/** The place of the parenthesis that closes an argument list, with texts left out of the count. */
function closing(mapping: string, from: number): number | undefined {
  let depth = 1
  for (const token of mapping.slice(from).matchAll(/"""[\s\S]*?"""|"(?:[^"\\]|\\.)*"|[()]/g)) {
    if (token[0] === '(') depth++
    else if (token[0] === ')' && --depth === 0) return from + token.index
  }
  return undefined
}

/** With no argument, as in the examples, with each value for all of them, and with each value for the first alone. */
function calls(definition: FunctionDefinition | MethodDefinition): readonly string[] {
  if (definition.parameters.length === 0) return ['']
  return [
    '',
    ...exampleArguments(definition),
    ...VALUES.flatMap((value) => [value, argumentsOf(definition, value)]),
  ]
}

describe('with the wrong values', () => {
  test.each(
    [...new Set(functions.values())].map((definition) => [definition.name, definition] as const),
  )('the function %s fails as a mapping fails', (name, definition) => {
    const defects = calls(definition).map((given) => defect(`root = [${name}(${given})]`))
    expect(defects.filter((each) => each !== undefined)).toEqual([])
  })

  test.each(
    [...new Set(methods.values())].map((definition) => [definition.name, definition] as const),
  )('the method %s fails as a mapping fails', (name, definition) => {
    const defects = VALUES.flatMap((target) =>
      calls(definition).map((given) => defect(`root = [(${target}).${name}(${given})]`)),
    )
    expect(defects.filter((each) => each !== undefined)).toEqual([])
  })
})
