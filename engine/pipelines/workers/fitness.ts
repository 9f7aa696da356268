/**
 * Whether the processors of a pipeline may run in workers, told from their config alone.
 *
 * A processor may where its definition says so, it needs no grant, names no cache or other resource, and its mappings
 * call nothing that ties them to one thread; one that holds others may where they do.
 */
import { filesNamed } from '../../bloblang/files-named.ts'
import { functions } from '../../bloblang/functions/index.ts'
import { methods } from '../../bloblang/methods/index.ts'
import {
  type ComponentConfig,
  type ConfigPath,
  parseComponent,
  type Resources,
} from '../component-config.ts'
import { loadComponent } from '../component-registry.ts'
import { checkConfig, conformConfig } from '../config-check.ts'
import type { FieldKind } from '../fields.ts'

/** Deeper nesting is refused elsewhere. */
const DEPTH_MAX = 64

export interface Fitness {
  /** Why they may not; undefined where they may. */
  readonly unfitBecause: string | undefined
  /** The environment variables that mappings ask for by name. */
  readonly variables: ReadonlySet<string>
}

/** `threads` as the config has it: only who names a number above 1 asks for workers. */
export function asksForWorkers(threads: unknown): threads is number {
  return typeof threads === 'number' && threads > 1
}

export async function fitnessOf(
  processors: readonly unknown[],
  resources: Resources,
): Promise<Fitness> {
  const examination = new Examination(resources)
  if (processors.length === 0) examination.refuse('there are no processors')
  await examination.list(processors, ['pipeline', 'processors'], 0)
  return examination
}

class Examination implements Fitness {
  readonly variables = new Set<string>()
  unfitBecause: string | undefined
  readonly #resources: Resources

  constructor(resources: Resources) {
    this.#resources = resources
  }

  refuse(reason: string): void {
    this.unfitBecause ??= reason
  }

  async list(values: readonly unknown[], path: ConfigPath, depth: number): Promise<void> {
    for (const [index, value] of values.entries()) {
      if (this.unfitBecause === undefined) await this.#one(value, [...path, index], depth)
    }
  }

  async #one(value: unknown, path: ConfigPath, depth: number): Promise<void> {
    const parsed = parseComponent('processor', value, path, this.#resources)
    // What cannot be read is told elsewhere.
    if (!parsed.ok || depth > DEPTH_MAX) {
      this.refuse(`${path.join('.')} is not valid`)
      return
    }
    const { component } = parsed
    const definition = await loadComponent('processor', component.name)
    if (definition?.portable !== true) {
      this.refuse(`the processor ${component.name} has to run on one thread`)
      return
    }
    const config = conformConfig(definition.config, component.config)
    if ((definition.needs?.(config as never) ?? []).length > 0) {
      this.refuse(`the processor ${component.name} reads what is outside of its messages`)
      return
    }
    const nested: { values: readonly unknown[]; path: ConfigPath }[] = []
    checkConfig(definition.config, component.config, [...path, component.name], {
      problem: () => {},
      field: (kind, found, at) => {
        const inner = this.#field(kind, found, component)
        if (inner.length > 0) nested.push({ values: inner, path: at })
      },
    })
    for (const inner of nested) await this.list(inner.values, inner.path, depth + 1)
  }

  /** The processors in the field. */
  #field(kind: FieldKind, value: unknown, { name }: ComponentConfig): readonly unknown[] {
    switch (kind) {
      case 'processors':
        return Array.isArray(value) ? value : []
      case 'branch_labels':
        return Array.isArray(value) ? value.map((label) => ({ resource: label })) : []
      case 'mapping':
      case 'query':
      case 'interpolated':
        this.#text(String(value))
        return []
      case 'duration':
        return []
      default:
        if (value !== '') this.refuse(`the processor ${name} uses what is outside of its messages`)
        return []
    }
  }

  #text(text: string): void {
    const reason = this.#tie(text)
    if (reason !== undefined) this.refuse(reason)
  }

  /** What holds a mapping to one thread. */
  #tie(text: string): string | undefined {
    if (filesNamed(text).length > 0) return 'a mapping reads a file'
    for (const [, name = ''] of text.matchAll(CALLS)) {
      const tied = (functions.get(name) ?? methods.get(name))?.tied
      if (tied !== undefined) return `a mapping calls ${name}(), which ${tied}`
    }
    for (const [call] of text.matchAll(ENV_CALLS)) {
      const [, name] = ENV_BY_NAME.exec(call) ?? []
      if (name === undefined) return 'a mapping computes the name of an environment variable'
      this.variables.add(name)
    }
    return undefined
  }
}

/** Texts between quotes and comments are read too: rather too much than too little. */
const CALLS = /\b([a-z][a-z0-9_]*)\s*\(/g
const ENV_CALLS = /\benv\s*\([^)]*\)?/g
const ENV_BY_NAME = /^env\s*\(\s*(?:name:\s*)?"([A-Za-z0-9_]+)"\s*\)$/
