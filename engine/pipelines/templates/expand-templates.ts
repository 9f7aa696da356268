/**
 * Puts in the place of each template that a config uses what the template makes of its fields. What comes out is a
 * config as any other; what is wrong with the part that a template made is told at the place of who used it.
 */
import { compileMapping } from '../../bloblang/bloblang.ts'
import { FILTERED, UNCHANGED } from '../../bloblang/mapping.ts'
import { OFFLINE } from '../bloblang-fields.ts'
import type { Role } from '../component.ts'
import { type ConfigPath, isRecord, kindOf, problem } from '../component-config.ts'
import { type DefinitionOf, loadComponent } from '../component-registry.ts'
import { checkConfig, conformConfig } from '../config-check.ts'
import type { FieldKind } from '../fields.ts'
import { Message } from '../message.ts'
import { outputSchema } from '../output-fields.ts'
import type { ConfigProblem } from '../pipeline.ts'
import { RESOURCE_LISTS } from '../spec.ts'
import type { Template, Templates } from './template.ts'

/** Templates that use templates are followed this far. */
export const TEMPLATE_DEPTH_MAX = 8
/** Deeper components are judged, and refused, where components are inspected. */
const COMPONENT_DEPTH_MAX = 32

export interface Expanded {
  readonly config: unknown
  /** Of the use of templates; paths are those of the config as it was written. */
  readonly problems: readonly ConfigProblem[]
  /** The problems of the expanded config, as whoever wrote the config has to hear them. */
  relocate(problems: readonly ConfigProblem[]): readonly ConfigProblem[]
}

interface Use {
  readonly path: ConfigPath
  readonly template: Template
  /** Nothing could be made of it, so that what stands there says nothing. */
  readonly failed: boolean
}

export async function expandTemplates(config: unknown, templates: Templates): Promise<Expanded> {
  if (templates.size === 0) return { config, problems: [], relocate: (found) => found }
  const expander = new Expander(templates)
  const copy: unknown = structuredClone(config)
  if (isRecord(copy)) await expander.top(copy as Fields)
  return {
    config: copy,
    problems: expander.problems,
    relocate: (found) => found.flatMap((one) => relocated(one, expander.uses)),
  }
}

type Fields = Record<string, unknown>

class Expander {
  readonly problems: ConfigProblem[] = []
  readonly uses: Use[] = []
  readonly #templates: Templates

  constructor(templates: Templates) {
    this.#templates = templates
  }

  async top(config: Fields): Promise<void> {
    for (const role of ['input', 'buffer', 'output'] as const) {
      if (role in config) config[role] = await this.#component(role, config[role], [role], 0, 0)
    }
    const { pipeline } = config
    if (isRecord(pipeline)) {
      await this.#list('processor', pipeline['processors'], ['pipeline', 'processors'], 0, 0)
    }
    for (const role of RESOURCE_LISTS) {
      const key = `${role}_resources`
      await this.#list(role, config[key], [key], 0, 0)
    }
  }

  async #list(
    role: Role,
    list: unknown,
    path: ConfigPath,
    level: number,
    within: number,
  ): Promise<void> {
    if (!Array.isArray(list)) return
    for (const [index, item] of list.entries()) {
      list[index] = await this.#component(role, item, [...path, index], level, within)
    }
  }

  /** What stands in the component's place. */
  async #component(
    role: Role,
    value: unknown,
    path: ConfigPath,
    level: number,
    within: number,
  ): Promise<unknown> {
    if (!isRecord(value) || level > COMPONENT_DEPTH_MAX) return value
    const component = value as Fields
    await this.#list(
      'processor',
      component['processors'],
      [...path, 'processors'],
      level + 1,
      within,
    )
    const key = Object.keys(component).find((name) => this.#templates.has(`${role} ${name}`))
    const template = key === undefined ? undefined : this.#templates.get(`${role} ${key}`)
    if (template === undefined) return this.#builtIn(role, component, path, level, within)
    if (within >= TEMPLATE_DEPTH_MAX) {
      const message = `templates are nested more than ${TEMPLATE_DEPTH_MAX} deep`
      return this.#fail(template, component, path, [problem({ path, at: 'value', message })])
    }
    const made = this.#make(template, component, path)
    if (made === undefined) return value
    if (within === 0) this.uses.push({ path, template, failed: false })
    return this.#component(role, made, path, level + 1, within + 1)
  }

  async #builtIn(
    role: Role,
    component: Fields,
    path: ConfigPath,
    level: number,
    within: number,
  ): Promise<unknown> {
    for (const name of Object.keys(component)) {
      const definition = await loadComponent(role, name)
      if (definition === undefined) continue
      const known: DefinitionOf[Role] = definition
      const schema = known.role === 'output' ? outputSchema(known) : known.config
      const nested: { kind: FieldKind; at: ConfigPath }[] = []
      checkConfig(schema, component[name], [], {
        problem: () => {},
        field: (kind, _, at) => nested.push({ kind, at }),
      })
      for (const { kind, at } of nested) {
        await this.#nested(kind, component, [name, ...at], path, level + 1, within)
      }
    }
    return component
  }

  async #nested(
    kind: FieldKind,
    component: Fields,
    at: ConfigPath,
    path: ConfigPath,
    level: number,
    within: number,
  ): Promise<void> {
    const listed = LISTED[kind]
    const single = kind === 'input' || kind === 'output' ? kind : undefined
    if (listed === undefined && single === undefined) return
    const holder = at.slice(0, -1).reduce<unknown>(stepInto, component)
    const last = at.at(-1)
    if (last === undefined || typeof holder !== 'object' || holder === null) return
    const fields = holder as Record<string | number, unknown>
    const place = [...path, ...at]
    if (listed !== undefined) await this.#list(listed, fields[last], place, level, within)
    else if (single !== undefined) {
      fields[last] = await this.#component(single, fields[last], place, level, within)
    }
  }

  /** Undefined where nothing can be made of it, which is told then. */
  #make(template: Template, component: Fields, path: ConfigPath): Fields | undefined {
    const own = [...path, template.name]
    const wrong: ConfigProblem[] = []
    const { [template.name]: written, label, processors, type: _, ...rest } = component
    checkConfig(template.config, written, own, {
      problem: (found) => wrong.push(found),
      field: () => {},
    })
    for (const key of Object.keys(rest)) {
      const message = `unknown field ${JSON.stringify(key)} beside ${template.role} ${template.name}`
      wrong.push(problem({ path: [...path, key], at: 'key', message, found: key }))
    }
    if (wrong.length > 0) return this.#fail(template, undefined, path, wrong)
    const made = expansionOf(template, written, typeof label === 'string' ? label : '')
    if (!made.ok) {
      const message = `the template ${template.name} makes nothing of this: ${made.because}`
      return this.#fail(template, undefined, path, [problem({ path: own, at: 'key', message })])
    }
    const before = Array.isArray(made.config['processors']) ? made.config['processors'] : []
    const beside = Array.isArray(processors) ? processors : []
    const all = template.role === 'output' ? [...beside, ...before] : [...before, ...beside]
    return {
      ...made.config,
      ...(label === undefined ? {} : { label }),
      ...(all.length === 0 ? {} : { processors: all }),
    }
  }

  #fail<T>(template: Template, value: T, path: ConfigPath, problems: readonly ConfigProblem[]): T {
    // What a template used another for is told of the first one.
    const outer = this.uses.find((use) => isBeneath(path, use.path))
    if (outer === undefined) this.problems.push(...problems)
    else this.problems.push(...problems.map((one) => told(one, outer)))
    this.uses.push({ path, template, failed: true })
    return value
  }
}

const LISTED: Partial<Record<FieldKind, Role>> = {
  processors: 'processor',
  inputs: 'input',
  outputs: 'output',
}

function stepInto(value: unknown, step: string | number): unknown {
  return (value as Readonly<Record<string | number, unknown>> | null | undefined)?.[step]
}

export type Expansion =
  | { readonly ok: true; readonly config: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly because: string }

/** What a template makes of the fields that somebody wrote; they were checked before. */
export function expansionOf(template: Template, written: unknown, label: string): Expansion {
  const compiled = compileMapping(template.mapping, OFFLINE)
  if (!compiled.ok) return { ok: false, because: compiled.problems[0]?.message ?? 'no mapping' }
  const fields = conformConfig(template.config, written ?? {})
  try {
    const message = Message.fromValue(fields as never, new Map([['label', label]]))
    const { root } = compiled.value.map([message], 0)
    if (root === FILTERED) return { ok: false, because: 'its mapping deletes it' }
    const made: unknown =
      root === UNCHANGED
        ? fields
        : JSON.parse(Buffer.from(message.withValue(root).content()).toString())
    if (isRecord(made)) return { ok: true, config: made }
    return { ok: false, because: `expected an object of its mapping, got ${kindOf(made)}` }
  } catch (error) {
    return { ok: false, because: error instanceof Error ? error.message : String(error) }
  }
}

function relocated(found: ConfigProblem, uses: readonly Use[]): readonly ConfigProblem[] {
  const failed = uses.some((use) => use.failed && isBeneath(found.path, use.path))
  if (failed) return []
  const use = uses.find((one) => isBeneath(found.path, one.path))
  return [use === undefined ? found : told(found, use)]
}

/** At the name of the template, where it was used. */
function told({ within: _, ...found }: ConfigProblem, { path, template }: Use): ConfigProblem {
  const inner = found.path.slice(path.length).join('.')
  const where = inner === '' ? '' : `${inner}: `
  const message = `in what the template ${template.name} makes of this: ${where}${found.message}`
  return { ...found, path: [...path, template.name], at: 'key', message }
}

function isBeneath(path: ConfigPath, place: ConfigPath): boolean {
  return place.length <= path.length && place.every((step, index) => path[index] === step)
}
