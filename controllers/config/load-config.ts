/**
 * headgate.yaml → the sources and quotas that it declares, or all that is wrong with it, each with its place. It reads
 * no file and starts nothing.
 */
import { dirname, resolve } from 'node:path'
import { parseDurationMs } from '../../crds/duration.ts'
import type { Quotas } from '../../engine/streams/quotas.ts'
import { nearest } from '../../engine/suggest.ts'
import type { AlertDestination } from '../alerts/alert.ts'
import type { ChangePolicy } from '../plan/change-policy.ts'
import { PRUNE_BUDGET_DEFAULT } from '../plan/prune-budget.ts'
import { POSTED_LOCATION } from '../posted/posted-declaration.ts'
import { API_SOURCE } from '../resource-writes.ts'
import { parseYaml } from '../sets/parse-yaml.ts'
import type { Problem } from '../sets/problem.ts'
import { ProblemList } from '../sets/problem-list.ts'
import { decode } from '../sets/source-text.ts'
import { checkSchema } from '../sets/spec-check.ts'
import { type Path, plainValue } from '../sets/tree.ts'
import type { Grants, Scope, SourceDeclaration } from '../sources/source.ts'
import { configSchema } from './config-schema.ts'
import { judgeAlerts } from './judge-alerts.ts'
import { judgePolicies } from './judge-policies.ts'
import { judgeQuotas } from './judge-quotas.ts'

export type LoadedConfig =
  | {
      readonly ok: true
      readonly sources: readonly SourceDeclaration[]
      readonly quotas: Quotas
      /** Whose data must be in the data directory; undefined for any. */
      readonly engineId: string | undefined
      readonly policies: readonly ChangePolicy[]
      readonly alerts: readonly AlertDestination[]
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

const LATER_TYPES = ['git', 'kubernetes'] as const

/** `path` is the file's, as errors and grants name it; locations are relative to its folder. */
export function loadConfig(text: string, path: string): LoadedConfig {
  const decoded = decode(path, new TextEncoder().encode(text))
  if (!decoded.ok) return { ok: false, problems: [decoded.problem] }
  const parsed = parseYaml(decoded.source)
  if (parsed.problems.length > 0) return { ok: false, problems: parsed.problems }
  const [document] = parsed.documents
  if (document?.tree === undefined) {
    return {
      ok: true,
      sources: [],
      quotas: new Map(),
      engineId: undefined,
      policies: [],
      alerts: [],
    }
  }
  const list = new ProblemList(decoded.source, document.tree)
  if (parsed.documents.length > 1) {
    list.add({
      layer: 'syntax',
      code: 'FieldInvalid',
      path: [],
      at: 'key',
      message: `expected one document, got ${parsed.documents.length}`,
    })
  }
  const value = plainValue(document.tree)
  for (const problem of checkSchema(configSchema, value, [])) list.add(problem)
  const sources = judgeSources(value, list)
  const quotas = judgeQuotas(value, list)
  const policies = judgePolicies(value, list)
  const alerts = judgeAlerts(value, list)
  if (list.hasErrors) return { ok: false, problems: list.problems }
  const engineId = (value as { readonly engine?: { readonly id?: string } } | null)?.engine?.id
  return {
    ok: true,
    sources: sources.map((source) => declarationOf(source, path)),
    quotas,
    engineId,
    policies,
    alerts,
  }
}

interface SourceConfig {
  readonly name: string
  readonly directory?: string
  readonly api?: Readonly<Record<string, never>>
  readonly scope?: Partial<Scope>
  readonly grants?: Partial<Grants>
  readonly atomic?: boolean
  readonly drift?: 'revert' | 'report'
  readonly prune?: boolean | PruneConfig
}

interface PruneConfig {
  readonly enabled?: boolean
  readonly budget?: { readonly count?: number; readonly share?: number }
  readonly settle?: string
}

function judgeSources(value: unknown, list: ProblemList): readonly SourceConfig[] {
  const entries = (value as { readonly sources?: unknown } | null)?.sources
  const sources = Array.isArray(entries)
    ? (entries as readonly (Partial<SourceConfig> | null)[])
    : []
  const names = new Set<string>()
  const judged: SourceConfig[] = []
  sources.forEach((source, index) => {
    if (typeof source !== 'object' || source === null) return
    const later = LATER_TYPES.filter((type) => Object.hasOwn(source, type))
    for (const type of later) notYet(['sources', index, type], `source type ${type}`, list)
    judgeForm(source, index, list)
    if (source.directory === undefined && source.api === undefined && later.length === 0) {
      const meant = nearest('directory', Object.keys(source))
      list.add({
        layer: 'schema',
        code: 'FieldMissing',
        path: ['sources', index],
        at: 'key',
        message: `expected sources[${index}].directory, got none`,
        expected: 'directory',
        hint:
          meant === undefined
            ? 'add directory: FOLDER'
            : `did you mean directory instead of ${meant}?`,
      })
    }
    if (typeof source.name !== 'string') return
    if (names.has(source.name)) {
      const message = `expected a name of its own, got ${source.name} a second time`
      list.add({
        layer: 'schema',
        code: 'NameDuplicate',
        path: ['sources', index, 'name'],
        at: 'value',
        message,
      })
    }
    names.add(source.name)
    judged.push({ ...source, name: source.name })
  })
  return judged
}

/** One place alone, and the name of single objects for them alone. */
function judgeForm(
  { name, directory, api, atomic }: Partial<SourceConfig>,
  index: number,
  list: ProblemList,
): void {
  const add = (field: string, message: string, hint: string): void =>
    list.add({
      layer: 'schema',
      code: 'FieldInvalid',
      path: ['sources', index, field],
      at: 'key',
      message,
      hint,
    })
  if (directory !== undefined && api !== undefined)
    add('api', 'expected one of directory and api, got both', 'give each a source of its own')
  if (name === API_SOURCE && api === undefined)
    add(
      'name',
      `the name ${API_SOURCE} is for what is written object by object through the API`,
      'choose another name',
    )
  if (api !== undefined && atomic === false)
    add('atomic', 'a posted set is always applied in whole or not at all', 'remove it')
}

function notYet(path: Path, what: string, list: ProblemList): void {
  const message = `${what} is not yet available`
  list.add({
    layer: 'schema',
    code: 'NotYetAvailable',
    path,
    at: 'key',
    message,
    hint: 'remove it',
  })
}

/** What is not granted is not allowed, but for namespaces and kinds, where absence means all. */
function declarationOf(source: SourceConfig, path: string): SourceDeclaration {
  const { name, directory = '.', api, scope = {}, grants = {}, prune = true } = source
  const { atomic = api !== undefined && name !== API_SOURCE } = source
  const folder = dirname(resolve(path))
  return {
    name,
    type: api === undefined ? 'directory' : 'api',
    location: api === undefined ? resolve(folder, directory) : POSTED_LOCATION,
    scope: { namespaces: scope.namespaces, kinds: scope.kinds },
    grants: {
      namespaces: grants.namespaces,
      kinds: grants.kinds,
      files: (grants.files ?? []).map((root) => resolve(folder, root)),
      env: grants.env ?? [],
      commands: grants.commands ?? false,
      listeners: grants.listeners ?? [],
      declaredIn: path,
    },
    atomic,
    ...(source.drift === undefined ? {} : { drift: source.drift }),
    ...pruningOf(prune),
  }
}

type Pruning = Pick<SourceDeclaration, 'prune' | 'pruneBudget' | 'pruneSettleMs'>

function pruningOf(prune: boolean | PruneConfig): Pruning {
  if (typeof prune === 'boolean') return { prune }
  const { enabled = true, budget, settle } = prune
  const settleMs = settle === undefined ? undefined : parseDurationMs(settle)
  return {
    prune: enabled,
    ...(budget === undefined ? {} : { pruneBudget: { ...PRUNE_BUDGET_DEFAULT, ...budget } }),
    ...(settleMs === undefined ? {} : { pruneSettleMs: settleMs }),
  }
}
