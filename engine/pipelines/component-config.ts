/**
 * Reads one component out of a config: which one it is, what its own config is, and the common fields beside it.
 *
 * As lenient as Connect: the one key that names a component decides, `type` may name it, `label` and (but for
 * processors) `processors` stand beside it, and `resource: LABEL` stands for what a `*_resources` list holds.
 */
import { nearest } from '../suggest.ts'
import type { Role } from './component.ts'
import { componentNames, isComponent } from './component-registry.ts'
import { isConnectComponent } from './connect-components.ts'
import type { ConfigProblem } from './pipeline.ts'
import { unknownLabelText } from './unknown-label.ts'

export type ConfigPath = readonly (string | number)[]

export interface ComponentConfig {
  readonly role: Role
  readonly name: string
  readonly label: string
  /** The component's own config, as it is written. */
  readonly config: unknown
  /** Of the object that holds the component. */
  readonly path: ConfigPath
  /** Processors beside an input or output. */
  readonly processors: readonly unknown[]
}

export interface Resource {
  readonly value: unknown
  readonly path: ConfigPath
}

/** Components by role and label, of the `*_resources` lists. */
export type Resources = ReadonlyMap<string, Resource>

export type Parsed =
  | { readonly ok: true; readonly component: ComponentConfig }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** Resources that name resources are followed this far. */
export const RESOURCE_DEPTH_MAX = 8

export function parseComponent(
  role: Role,
  value: unknown,
  path: ConfigPath,
  resources: Resources,
  depth = 0,
): Parsed {
  if (!isRecord(value)) {
    const expected = `${article(role)} such as {${componentNames(role)[0] ?? 'name'}: …}`
    return refuse({ path, at: 'value', message: `expected ${expected}, got ${kindOf(value)}` })
  }
  // What the pipeline has itself stands in the place of its label; what is shared is a component of its own.
  const isOwn = resources.has(`${role} ${String(value['resource'])}`)
  if ('resource' in value && (isOwn || !isComponent(role, 'resource'))) {
    return parseResource(role, value, path, resources, depth)
  }
  const named = nameOf(role, value, path)
  if (typeof named !== 'string') return named
  const problems = strayKeys(role, value, named, path)
  if (problems.length > 0) return { ok: false, problems }
  const processors =
    Array.isArray(value['processors']) && hasProcessors(role) ? value['processors'] : []
  const label = typeof value['label'] === 'string' ? value['label'] : ''
  return {
    ok: true,
    component: { role, name: named, label, config: value[named], path, processors },
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `${typeof value} ${JSON.stringify(value)}`
}

function parseResource(
  role: Role,
  value: Readonly<Record<string, unknown>>,
  path: ConfigPath,
  resources: Resources,
  depth: number,
): Parsed {
  const label = String(value['resource'])
  const resource = resources.get(`${role} ${label}`)
  if (resource === undefined || depth >= RESOURCE_DEPTH_MAX) {
    const known = [...resources.keys()].flatMap((key) =>
      key.startsWith(`${role} `) ? [key.slice(role.length + 1)] : [],
    )
    return refuse({
      path: [...path, 'resource'],
      at: 'value',
      code: 'ComponentUnknown',
      message:
        resource === undefined
          ? unknownLabelText(role, label)
          : `resource ${JSON.stringify(label)} leads back to itself`,
      ...suggestion(label, known),
    })
  }
  return parseComponent(role, resource.value, resource.path, resources, depth + 1)
}

function nameOf(
  role: Role,
  value: Readonly<Record<string, unknown>>,
  path: ConfigPath,
): string | Parsed {
  const keys = Object.keys(value).filter((key) => !isCommon(role, key))
  const { type } = value
  if (typeof type === 'string') {
    return isComponent(role, type) ? type : unknown(role, type, [...path, 'type'], 'value')
  }
  const known = keys.filter((key) => isComponent(role, key))
  const [name] = known
  if (known.length > 1) {
    return refuse({
      path: [...path, known[1] ?? ''],
      at: 'key',
      message: `expected one ${role}, got ${known.join(' and ')}`,
      hint: 'Keep one of them, or set type.',
    })
  }
  if (name !== undefined) return name
  const [first] = keys
  if (first === undefined) {
    return refuse({ path, at: 'value', message: `expected ${article(role)}, got an empty object` })
  }
  return unknown(role, first, [...path, first], 'key')
}

function unknown(role: Role, name: string, path: ConfigPath, at: 'key' | 'value'): Parsed {
  return refuse({
    path,
    at,
    code: 'ComponentUnknown',
    message: `there is no ${role} named ${JSON.stringify(name)}`,
    found: name,
    hint: unknownHint(role, name),
  })
}

const OTHER_ROLES: readonly Role[] = [
  'input',
  'processor',
  'output',
  'buffer',
  'cache',
  'rate_limit',
]

function unknownHint(role: Role, name: string): string {
  if (isConnectComponent(role, name)) return notYet(name)
  const near = suggestion(name, componentNames(role)).hint
  if (near !== undefined) return near
  const other = OTHER_ROLES.find((candidate) => isComponent(candidate, name))
  if (other !== undefined) return `It is ${article(other)}.`
  if (OTHER_ROLES.some((candidate) => isConnectComponent(candidate, name))) return notYet(name)
  return `Each ${role} is one of ${componentNames(role).join(', ')}.`
}

function notYet(name: string): string {
  return `${name} is a Connect component that Headgate does not have yet.`
}

function strayKeys(
  role: Role,
  value: Readonly<Record<string, unknown>>,
  name: string,
  path: ConfigPath,
): readonly ConfigProblem[] {
  const allowed = [name, 'label', ...(hasProcessors(role) ? ['processors'] : [])]
  return Object.keys(value).flatMap((key) => {
    if (key === name || isCommon(role, key)) return []
    // With `type`, the other components' objects are left over from a full config.
    if (typeof value['type'] === 'string' && isComponent(role, key)) return []
    return problem({
      path: [...path, key],
      at: 'key',
      message: `unknown field ${JSON.stringify(key)} beside ${role} ${name}`,
      found: key,
      // Two blanks too few: the fields of the component stand beside its name.
      ...(value[name] === null
        ? { hint: `Indent it further if it is a field of ${name}.` }
        : suggestion(key, allowed)),
    })
  })
}

function isCommon(role: Role, key: string): boolean {
  if (key === 'label' || key === 'type') return true
  return key === 'processors' && hasProcessors(role)
}

function hasProcessors(role: Role): boolean {
  return role !== 'processor' && role !== 'cache' && role !== 'rate_limit'
}

export function suggestion(name: string, candidates: Iterable<string>): { hint?: string } {
  const near = nearest(name, candidates)
  return near === undefined ? {} : { hint: `Did you mean ${JSON.stringify(near)}?` }
}

type ProblemParts = Pick<ConfigProblem, 'path' | 'at' | 'message'> & Partial<ConfigProblem>

export function problem(parts: ProblemParts): ConfigProblem {
  return { severity: 'error', code: 'ComponentConfigInvalid', ...parts }
}

function refuse(parts: ProblemParts): Parsed {
  return { ok: false, problems: [problem(parts)] }
}

function article(role: Role): string {
  return role === 'input' || role === 'output' ? `an ${role}` : `a ${role}`
}
