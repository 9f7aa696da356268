/** Functions and methods as a terminal shows them, from their definitions. */
import type {
  Example,
  FunctionDefinition,
  MethodDefinition,
  Parameter,
} from '../engine/bloblang/definition.ts'
import { functions } from '../engine/bloblang/functions/index.ts'
import { methods } from '../engine/bloblang/methods/index.ts'
import { encodeJson } from '../engine/bloblang/values/encode-payload.ts'
import { HeadgateError } from '../engine/error.ts'
import { nearest } from '../engine/suggest.ts'

type Definition = FunctionDefinition | MethodDefinition

/** Both the function and the method of that name, where there are both. */
export function bloblangTopic(asked: string): string {
  const name = asked.replace(/^\./, '').replace(/\(.*\)$/, '')
  const found = [functions.get(name), methods.get(name)].filter((one) => one !== undefined)
  if (found.length > 0) return found.map((one) => definitionText(one)).join('\n')
  const meant = nearest(name, [...functions.keys(), ...methods.keys()])
  throw new HeadgateError('Usage', `there is no function or method called "${name}"`, {
    hint:
      meant === undefined
        ? 'See what there is with: headgate blobl explain'
        : `Did you mean ${meant}?`,
  })
}

export function bloblangTopics(): string {
  const lists: readonly (readonly [string, ReadonlyMap<string, Definition>])[] = [
    ['Functions', functions],
    ['Methods', methods],
  ]
  return lists
    .map(([title, registry]) => `${title}\n${categoriesText([...new Set(registry.values())])}`)
    .join('\n')
}

const WIDTH_MAX = 100
const INDENT = '  '

function categoriesText(definitions: readonly Definition[]): string {
  const byCategory = Map.groupBy(definitions, ({ category }) => category)
  return [...byCategory]
    .sort(([first], [second]) => (first < second ? -1 : 1))
    .map(([category, some]) => {
      const names = some.map(({ name }) => name).sort()
      return `${INDENT}${category}\n${wrapped(names.join(', '), INDENT.repeat(2))}`
    })
    .join('')
}

function wrapped(text: string, indent: string): string {
  let lines = ''
  let line = indent
  for (const word of text.split(' ')) {
    if (line !== indent && line.length + word.length >= WIDTH_MAX) {
      lines += `${line.trimEnd()}\n`
      line = indent
    }
    line += `${word} `
  }
  return `${lines}${line.trimEnd()}\n`
}

function isMethod(definition: Definition): definition is MethodDefinition {
  return methods.get(definition.name) === definition
}

function definitionText(definition: Definition): string {
  const { name, category, status, description, parameters, examples, variadic } = definition
  const given = parameters.map((one, index) => {
    const isRest = variadic === true && index === parameters.length - 1
    return isRest ? `${one.name}…` : isOptional(one) ? `[${one.name}]` : one.name
  })
  const aliases = isMethod(definition) ? (definition.aliases ?? []) : []
  const standing = status === 'stable' ? category : `${category}, ${status}`
  return [
    `${isMethod(definition) ? '.' : ''}${name}(${given.join(', ')})   ${standing}\n`,
    wrapped(description, INDENT),
    ...(aliases.length === 0 ? [] : [`${INDENT}Also called ${aliases.join(', ')}.\n`]),
    ...parameters.map(parameterText),
    ...examples.map(exampleText),
  ].join('\n')
}

function isOptional(parameter: Parameter): boolean {
  return parameter.optional === true || parameter.default !== undefined
}

function parameterText(parameter: Parameter): string {
  const byDefault =
    parameter.default === undefined ? '' : `, by default ${encodeJson(parameter.default)}`
  return `${INDENT}${parameter.name} (${parameter.type}${byDefault})\n${wrapped(parameter.description, INDENT.repeat(2))}`
}

function exampleText({ mapping, input, output, error }: Example): string {
  const inner = INDENT.repeat(2)
  const lines = mapping.split('\n').map((line) => `${inner}${line}\n`)
  const given = input === undefined || input === '' ? '' : `${inner}of     ${input}\n`
  const result = error === undefined ? `${inner}gives  ${output}\n` : `${inner}fails  ${error}\n`
  return `${INDENT}Example\n${lines.join('')}${given}${result}`
}
