/**
 * The catalogue as people read it: signatures, what an editor shows beside a name, and what it offers to complete.
 *
 * All of it comes from the definitions. The reference page is these texts one after the other, and
 * docs/reference/bloblang.json hands them to editors.
 */
import type { Example, FunctionDefinition, MethodDefinition, Parameter } from './definition.ts'
import { functions } from './functions/index.ts'
import { methods } from './methods/index.ts'
import { encodeJson } from './values/encode-payload.ts'

type Definition = FunctionDefinition | MethodDefinition

/** What an editor offers after a dot (methods) or anywhere else in a query (functions). */
export interface Completion {
  readonly label: string
  readonly kind: 'function' | 'method'
  /** On one line, beside the label. */
  readonly detail: string
  /** Markdown, for a hover or beside the list. */
  readonly documentation: string
  /** With a place to fill in for each argument that must be given, as snippets of the Language Server Protocol have it. */
  readonly insertText: string
  readonly deprecated?: true
}

/** Functions and then methods, each by name; an alias is an entry of its own. */
export function completions(): readonly Completion[] {
  return [...entriesOf(functions, 'function'), ...entriesOf(methods, 'method')]
}

function entriesOf(
  registry: ReadonlyMap<string, Definition>,
  kind: Completion['kind'],
): readonly Completion[] {
  return [...registry]
    .sort(([first], [second]) => (first < second ? -1 : 1))
    .map(([label, definition]) => ({
      label,
      kind,
      detail: signatureText(definition, label),
      documentation: hoverText(definition),
      insertText: snippet(definition, label),
      ...(definition.status === 'deprecated' || label !== definition.name
        ? { deprecated: true as const }
        : {}),
    }))
}

function isRequired(parameter: Parameter): boolean {
  return parameter.optional !== true && parameter.default === undefined
}

function snippet({ parameters, variadic }: Definition, label: string): string {
  const required = parameters.filter(isRequired)
  const places = required.map(({ name }, index) => `\${${index + 1}:${name}}`)
  const isOpen = required.length === 0 && (parameters.length > 0 || variadic === true)
  return `${label}(${isOpen ? '$1' : places.join(', ')})`
}

/** `name(first, second?, rest…)` */
export function signatureText(
  { name, parameters, variadic }: Definition,
  label: string = name,
): string {
  const shown = parameters.map((parameter, index) => {
    if (variadic === true && index === parameters.length - 1) return `${parameter.name}…`
    return isRequired(parameter) ? parameter.name : `${parameter.name}?`
  })
  return `${label}(${shown.join(', ')})`
}

/** All but the name, as Markdown. */
export function hoverText(definition: Definition): string {
  const { category, status, description, parameters, examples } = definition
  const standing = status === 'stable' ? `*${category}*` : `*${category}, ${status}*`
  const aliases = ('aliases' in definition ? definition.aliases : undefined) ?? []
  const also =
    aliases.length === 0 ? '' : ` Also: ${aliases.map((name) => `\`${name}\``).join(', ')}.`
  return [
    `${standing}: ${description}${also}\n`,
    ...(parameters.length === 0 ? [] : [`${parameters.map(parameterText).join('\n')}\n`]),
    ...examples.map(exampleText),
  ].join('\n')
}

function parameterText(parameter: Parameter): string {
  const { name, type, description, default: value } = parameter
  const optional = isRequired(parameter) ? '' : ', optional'
  const byDefault = value === undefined ? '' : `, default \`${encodeJson(value)}\``
  return `- \`${name}\` (${type}${optional}${byDefault}): ${description}`
}

function exampleText({ mapping, input, output, error }: Example): string {
  const lines = [
    mapping,
    ...(input === undefined ? [] : [`# in:  ${input}`]),
    ...(output === undefined ? [] : [`# out: ${output.replaceAll('\n', '\n#      ')}`]),
    ...(error === undefined ? [] : [`# fails: ${error}`]),
  ]
  return `\`\`\`bloblang\n${lines.join('\n')}\n\`\`\`\n`
}
