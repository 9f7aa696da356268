/** Finds a component's definition by role and name, loading its file when it is first asked for. */
import { COMPONENTS } from '../components/registry.gen.ts'
import type {
  BufferDefinition,
  CacheDefinition,
  ComponentDefinition,
  InputDefinition,
  OutputDefinition,
  ProcessorDefinition,
  RateLimitDefinition,
  Role,
} from './component.ts'

export interface DefinitionOf {
  readonly input: InputDefinition
  readonly buffer: BufferDefinition
  readonly processor: ProcessorDefinition
  readonly output: OutputDefinition
  readonly cache: CacheDefinition
  readonly rate_limit: RateLimitDefinition
}

export function componentNames(role: Role): readonly string[] {
  return Object.keys(COMPONENTS[role])
}

export function isComponent(role: Role, name: string): boolean {
  return Object.hasOwn(COMPONENTS[role], name)
}

/** A large set names the same few components thousands of times, and even what is loaded takes time to import. */
const loaded = new Map<string, ComponentDefinition>()

/** Undefined when there is no such component. */
export async function loadComponent<R extends Role>(
  role: R,
  name: string,
): Promise<DefinitionOf[R] | undefined> {
  const key = `${role} ${name}`
  const known = loaded.get(key)
  if (known !== undefined) return known as DefinitionOf[R]
  const load = isComponent(role, name) ? COMPONENTS[role][name] : undefined
  if (load === undefined) return undefined
  const exported: unknown[] = Object.values(await load())
  const definition = exported.find((value) => isDefinition(value, role, name))
  if (definition === undefined) throw new Error(`the file of ${role} ${name} does not define it`)
  loaded.set(key, definition)
  return definition as DefinitionOf[R]
}

function isDefinition(value: unknown, role: Role, name: string): value is ComponentDefinition {
  if (typeof value !== 'object' || value === null) return false
  const candidate = value as Partial<ComponentDefinition>
  return candidate.role === role && candidate.name === name
}
