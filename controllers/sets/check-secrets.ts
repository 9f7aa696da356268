/** Literal texts where a reference to a secret belongs: they work, but whoever reads the file reads them. */
import { isOpaque, type JsonSchema } from '../../crds/json-schema.ts'
import type { PathProblem } from './problem-list.ts'
import { hasSecretInAddress, isSecretName } from './secret-text.ts'
import type { Path } from './tree.ts'

const REFERENCE = {
  expected: 'a reference: {fromEnv: …}, {fromFile: …} or {fromSecret: {name: …, key: …}}',
  hint: 'refer to it with {fromSecret: {name: …, key: …}}',
}
/** Part of an address cannot be a reference. */
const VARIABLE = {
  expected: 'an address without a login or a secret in it, or with a variable there',
  hint: 'write a variable in its place: ${NAME}',
}

export function checkSecrets(
  schema: JsonSchema,
  value: unknown,
  root: Path,
): readonly PathProblem[] {
  const result: PathProblem[] = []
  const visit: Visit = (path, text, secret, withReference) => {
    const isAddress = String(path.at(-1)) === 'url' && hasSecretInAddress(text)
    if (!secret && !isAddress) return
    result.push({
      layer: 'schema',
      code: 'SecretLiteral',
      severity: 'warning',
      path,
      at: 'value',
      message: secret
        ? `${path.at(-1)} is a secret in the clear`
        : `${path.at(-1)} holds a secret in the clear`,
      ...(secret && withReference ? REFERENCE : VARIABLE),
    })
  }
  walk(schema, value, root, visit)
  return result
}

type Visit = (path: Path, text: string, secret: boolean, withReference: boolean) => void

function walk(schema: JsonSchema, value: unknown, path: Path, visit: Visit, secret = false): void {
  if (typeof value === 'string') visit(path, value, secret, true)
  if (typeof value !== 'object' || value === null) return
  const list = Array.isArray(value)
  for (const [name, field] of Object.entries(value)) {
    const step = list ? Number(name) : name
    const next = childSchema(schema, step)
    const literal = typeof field === 'string' && schema.secretKeys === true && isSecretName(name)
    if (next === undefined) continue
    if (isOpaque(next)) walkComponent(field, [...path, step], visit)
    else walk(next, field, [...path, step], visit, literal)
  }
}

/** The config of a component is no business of the schema, but names of secrets are the same everywhere. */
function walkComponent(value: unknown, path: Path, visit: Visit): void {
  if (typeof value !== 'object' || value === null) return
  const list = Array.isArray(value)
  for (const [name, field] of Object.entries(value)) {
    const here = [...path, list ? Number(name) : name]
    // What has a variable or an interpolation in it is not in the clear.
    const literal = typeof field === 'string' && field !== '' && !field.includes('${')
    if (literal) visit(here, field, isSecretName(name), false)
    else walkComponent(field, here, visit)
  }
}

function childSchema(schema: JsonSchema, step: string | number): JsonSchema | undefined {
  if (typeof step === 'number') return schema.items
  const own = schema.properties?.[step]
  if (own !== undefined) return own
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
}
