/**
 * What is well-formed and still worth a second look: labels, deprecated components, variables that are not set, settings
 * that cancel each other. The cheap ones are told of every config; the others where somebody asks.
 */
import type { Role } from './component.ts'
import { type ComponentConfig, type ConfigPath, isRecord, problem } from './component-config.ts'
import type { DefinitionOf } from './component-registry.ts'
import { interpolateVariables, referencesIn } from './environment-variables.ts'
import type { ConfigProblem } from './pipeline.ts'

/** Each is off where it is absent. */
export interface LintOptions {
  /** Whether what is deprecated is a mistake. */
  readonly deprecated?: boolean
  /** Whether each component has to have a label. */
  readonly labels?: boolean
  /** Whether inputs, processors and outputs are judged that nothing names. */
  readonly unused?: boolean
  /** Where variables are looked up that have to be set. */
  readonly env?: (name: string) => string | undefined
}

const LABEL = /^[a-z0-9][a-z0-9_-]*$/

export class Lints {
  readonly #options: LintOptions
  /** The place of each label. */
  readonly #labels = new Map<string, ConfigPath>()

  constructor(options: LintOptions) {
    this.#options = options
  }

  /** Of a component at its own place; one that is named from several places is judged each time, and told once. */
  component(
    { role, name, label, path, config }: ComponentConfig,
    definition: DefinitionOf[Role],
  ): readonly ConfigProblem[] {
    const problems = label === '' ? this.#unlabelled(role, name, path) : this.#labelled(label, path)
    if (this.#options.deprecated === true && definition.status === 'deprecated') {
      const message = `${role} ${name} is deprecated`
      const hint = definition.summary
      problems.push(problem({ path: [...path, name], at: 'key', message, hint }))
    }
    if (this.#options.deprecated === true) {
      problems.push(...deprecatedFields(definition.config, config, [...path, name]))
    }
    if (role === 'output') problems.push(...batchingOfOne(config, [...path, name]))
    return problems
  }

  /** Of any text of the config. */
  text(text: string, path: ConfigPath): readonly ConfigProblem[] {
    const { env } = this.#options
    if (env === undefined || referencesIn(text).length === 0) return []
    const { missing, undecodable } = interpolateVariables(text, env)
    const hint = 'Set it, or give a default: ${NAME:default}.'
    return [
      ...missing.map((name) => {
        const message = `required environment variable was not set: ${name}`
        return problem({ path, at: 'value', message, hint })
      }),
      ...undecodable.map((name) => {
        const message = `expected base64 in the environment variable ${name}`
        return problem({ path, at: 'value', message })
      }),
    ]
  }

  #unlabelled(role: Role, name: string, path: ConfigPath): ConfigProblem[] {
    if (this.#options.labels !== true || role === 'buffer') return []
    const message = `${role} ${name} has no label`
    return [problem({ path: [...path, name], at: 'key', message, hint: 'Add label: NAME.' })]
  }

  #labelled(label: string, path: ConfigPath): ConfigProblem[] {
    const at = { path: [...path, 'label'], at: 'value', severity: 'warning' } as const
    if (!LABEL.test(label)) {
      const message = `expected a label of small letters, digits, "_" and "-" that begins with a letter or a digit, got ${JSON.stringify(label)}`
      return [problem({ ...at, message })]
    }
    const first = this.#labels.get(label)
    this.#labels.set(label, first ?? path)
    if (first === undefined || samePath(first, path)) return []
    const message = `the label ${label} is taken by ${first.join('.')}`
    return [problem({ ...at, message, hint: 'Metrics and tests tell components by their labels.' })]
  }
}

/** Fields that are given although their schema says `deprecated`. */
function deprecatedFields(
  schema: FieldSchema,
  config: unknown,
  path: ConfigPath,
): readonly ConfigProblem[] {
  if (!isRecord(config)) return []
  const properties = schema.properties ?? {}
  return Object.entries(config).flatMap(([key, value]) => {
    const field = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (field === undefined) return []
    const at = [...path, key]
    const message = `field ${key} is deprecated`
    const hint = field.description ?? ''
    const own = field.deprecated === true ? [problem({ path: at, at: 'key', message, hint })] : []
    return [...own, ...deprecatedFields(field, value, at)]
  })
}

interface FieldSchema {
  readonly deprecated?: boolean
  readonly description?: string
  readonly properties?: Readonly<Record<string, FieldSchema>>
}

/** One message is what goes without batching, too. */
function batchingOfOne(config: unknown, path: ConfigPath): readonly ConfigProblem[] {
  const batching: unknown = isRecord(config) ? config['batching'] : undefined
  if (!isRecord(batching) || batching['count'] !== 1) return []
  const at = { path: [...path, 'batching', 'count'], at: 'value', severity: 'warning' } as const
  const message = 'a batch of 1 message is what there is without batching'
  return [problem({ ...at, message, hint: 'Remove batching, or write a larger count.' })]
}

function samePath(left: ConfigPath, right: ConfigPath): boolean {
  return left.length === right.length && left.every((step, index) => step === right[index])
}
