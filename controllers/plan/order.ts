/**
 * Puts actions in an order that may be carried out: what is referred to comes first, and what goes goes after whatever
 * referred to it. A graph, not levels: an action waits only for what it names.
 *
 * It is total: in a circle of references the edge that closes it is dropped.
 */
import { identityKey, KINDS } from '../../crds/resource.ts'
import type { Action } from './plan.ts'

export function inOrder(actions: readonly Action[]): readonly Action[] {
  const waiting = new Map(actions.map((action) => [identityKey(action.identity), action]))
  const ordered = new Map<string, Action>()
  const entered = new Set<string>()
  const visit = (key: string, action: Action): void => {
    entered.add(key)
    const waitsFor: string[] = []
    for (const before of action.waitsFor) {
      const first = waiting.get(before)
      if (first === undefined || before === key) continue
      if (!entered.has(before)) visit(before, first)
      if (ordered.has(before)) waitsFor.push(before)
    }
    ordered.set(key, { ...action, waitsFor })
  }
  for (const action of [...actions].sort(byRank)) {
    const key = identityKey(action.identity)
    if (!entered.has(key)) visit(key, action)
  }
  return [...ordered.values()]
}

function byRank(a: Action, b: Action): number {
  return rank(a) - rank(b) || compareText(identityKey(a.identity), identityKey(b.identity))
}

/** Creations in the order of the kinds, then removals the other way round. */
function rank({ verb, wanted, identity }: Action): number {
  const kind = KINDS.indexOf(identity.kind)
  const goes = isRemoval(wanted ?? verb)
  return goes ? 2 * KINDS.length - kind : kind
}

export function isRemoval(verb: Action['verb']): boolean {
  return verb === 'delete' || verb === 'retain'
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
