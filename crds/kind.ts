/**
 * What a kind is: one definition from which its static type, validator, CustomResourceDefinition, JSON Schema and docs
 * page derive. It says what may be written; what that does is decided elsewhere.
 */

import { asJsonSchema } from './field.ts'
import type { JsonSchema } from './json-schema.ts'
import type { Kind } from './resource.ts'
import type { TSchema } from './typebox.ts'

export interface KindDefinition {
  readonly kind: Kind
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  /** One sentence. */
  readonly summary: string
  /** What whoever writes one should know besides, for the docs page. */
  readonly note?: string
  readonly spec: JsonSchema
  /** Whether a document may go without `spec`: only where each of its fields may be missing. */
  readonly specRequired: boolean
  readonly rules: readonly CelRule[]
  /** What may not change once it is there; `plan()` refuses the same, against the catalog. */
  readonly transitions: readonly TransitionRule[]
  /** Where `kubectl scale` reads and writes. */
  readonly scale?: Scale
  readonly printerColumns: readonly PrinterColumn[]
  /** A complete document for the docs page. */
  readonly example: string
}

/**
 * A rule across fields, in CEL for the API server and as a predicate for us: one meaning, two forms.
 */
export interface CelRule {
  /** `self` is the spec. */
  readonly rule: string
  readonly message: string
  /** CEL that says more than the message, for the API server. */
  readonly messageExpression?: string
  /** Which field the API server's verdict names, from the spec: `.deadLetter.stream`. */
  readonly fieldPath?: string
  /** Absent where the API server cannot see the fields that the rule speaks of; then only we judge it. */
  readonly inManifest: boolean
  /** Where the spec breaks the rule; empty when it holds. It is handed specs that the schema refused, too. */
  readonly check: (spec: Readonly<Record<string, unknown>>) => readonly RuleBreach[]
}

/** A rule between what was and what is to be, in CEL. */
export interface TransitionRule {
  /** `spec.type`; the field tables of the planner refuse a change of it. */
  readonly field: string
  /** `self` and `oldSelf` are whole resources, of which rules see name and spec. */
  readonly rule: string
  readonly message: string
  readonly messageExpression: string
}

/** Paths of the scale subresource. */
export interface Scale {
  readonly specReplicasPath: string
  readonly statusReplicasPath: string
}

export interface RuleBreach {
  /** From the spec's root. */
  readonly path: readonly (string | number)[]
  readonly at: 'key' | 'value'
  /** What should stand there, what does, and what to do next, as every other layer says it. */
  readonly expected: string
  readonly found: string
  readonly hint: string
}

export interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean' | 'date'
  readonly jsonPath: string
  /** 1 shows it in wide output only. */
  readonly priority?: 1
  readonly description?: string
}

export type KindInput = Omit<
  KindDefinition,
  'spec' | 'specRequired' | 'transitions' | 'printerColumns'
> & {
  readonly spec: TSchema
  readonly specRequired?: boolean
  /** Besides that of `spec.id`. */
  readonly transitions?: readonly TransitionRule[]
  readonly printerColumns: readonly PrinterColumn[]
}

const READY_COLUMNS: readonly PrinterColumn[] = [
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Status', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
]
const LAST_COLUMNS: readonly PrinterColumn[] = [
  { name: 'Source', type: 'string', jsonPath: '.status.owner', priority: 1 },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
]

const ID = '(has(self.spec) && has(self.spec.id) ? self.spec.id : self.metadata.name)'
const OLD_ID = ID.replaceAll('self.', 'oldSelf.')

/** The name stands in for an absent id, so that it may be written out later. */
const sameId: TransitionRule = {
  field: 'spec.id',
  rule: `${ID} == ${OLD_ID}`,
  message: 'spec.id cannot change; declare a resource of another name',
  messageExpression: `'spec.id cannot change from ' + ${OLD_ID} + ' to ' + ${ID} + '; declare a resource of another name'`,
}

/** Every kind shows Ready first and its age last; what it adds stands between. */
export function defineKind(input: KindInput): KindDefinition {
  const spec = asJsonSchema(input.spec)
  return {
    ...input,
    spec,
    specRequired: input.specRequired ?? (spec.required ?? []).length > 0,
    transitions: [sameId, ...(input.transitions ?? [])],
    printerColumns: [...READY_COLUMNS, ...input.printerColumns, ...LAST_COLUMNS],
  }
}
