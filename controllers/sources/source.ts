/**
 * A source is where desired state comes from. It says only "look again", and reads when asked: level, not edge.
 *
 * It has a name, which is what owns; a location, which can change; a scope and grants.
 */
import type { Kind } from '../../crds/resource.ts'
import type { PruneBudget } from '../plan/prune-budget.ts'
import type { ResourceSet } from '../sets/resource-set.ts'

export interface Source extends AsyncDisposable {
  readonly declaration: SourceDeclaration
  /**
   * Reads everything in scope. It does not reject for what people wrote or for a source that is away: those are
   * problems, and an incomplete set. `hint` narrows a first look to one folder; a full one follows.
   */
  read(signal?: AbortSignal): Promise<ResourceSet>
  /** Calls back whenever something may have changed, until disposed. Callbacks may be lost: the loop also has a timer. */
  watch(lookAgain: () => void): Disposable
}

/** One entry of `sources` in headgate.yaml, or what `headgate up FOLDER` implies. */
export interface SourceDeclaration {
  readonly name: string
  readonly type: 'directory' | 'git' | 'kubernetes' | 'api'
  /** For a directory the absolute path as given, links unresolved. */
  readonly location: string
  readonly scope: Scope
  readonly grants: Grants
  readonly atomic: boolean
  readonly prune: boolean
  /** How much may go without approval; the default where absent. */
  readonly pruneBudget?: PruneBudget
  /** How long absence has to last; the server's own where absent. */
  readonly pruneSettleMs?: number
  /** What happens to what somebody changed behind our back; reverted where absent. */
  readonly drift?: 'revert' | 'report'
}

/** Within which namespaces and kinds its set is exclusive. Undefined means all. */
export interface Scope {
  readonly namespaces: readonly string[] | undefined
  readonly kinds: readonly Kind[] | undefined
}

export interface Grants {
  readonly namespaces: readonly string[] | undefined
  readonly kinds: readonly Kind[] | undefined
  /** Roots beneath which its file components may read and write; `['/']` is everywhere. */
  readonly files: readonly string[]
  /** Names, `PREFIX_*` or `*`. */
  readonly env: readonly string[]
  readonly commands: boolean
  /** `host:port`, `host:*` or `*`. */
  readonly listeners: readonly string[]
  /** Where to write a missing grant: `headgate.yaml`, or undefined for a folder started with `up`, which has all. */
  readonly declaredIn: string | undefined
}
