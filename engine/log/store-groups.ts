/** The groups port over a store: members live in the coordinator, offsets in the log. */
import type {
  GroupDescription,
  GroupObserver,
  GroupOffset,
  Groups,
  JoinRequest,
  Membership,
} from '../streams/groups.ts'
import type { Admission } from './admission.ts'
import { CONTROL_REQUEST_BYTES, type Store } from './store.ts'

export class StoreGroups implements Groups, GroupObserver {
  readonly #store: Store
  readonly #admission: Admission

  constructor(store: Store, admission: Admission) {
    this.#store = store
    this.#admission = admission
  }

  async join(request: JoinRequest): Promise<Membership> {
    const membership = this.#admission.groups.join(request)
    // Or a restart would go on counting the days for which nobody was there.
    if (this.#store.view.groups.get(request.group)?.idleSinceUs !== undefined) {
      await this.#store.commit({
        bytes: CONTROL_REQUEST_BYTES,
        judge: () => ({
          changes: [{ kind: 'idle', group: request.group, sinceUs: null }],
          result: undefined,
        }),
      })
    }
    return membership
  }

  async heartbeat(group: string, member: string): Promise<Membership> {
    return this.#admission.groups.heartbeat(group, member)
  }

  async leave(group: string, member: string): Promise<void> {
    this.#admission.groups.leave(group, member)
  }

  offsets(group: string): readonly GroupOffset[] {
    return [...(this.#store.view.groups.get(group)?.offsets.values() ?? [])]
  }

  describe(groups?: readonly string[]): readonly GroupDescription[] {
    const { view } = this.#store
    const coordinator = this.#admission.groups
    const names = new Set(groups ?? [...view.groups.keys(), ...coordinator.names()])
    return [...names].sort().flatMap((group): GroupDescription[] => {
      const { generation, members } = coordinator.describe(group)
      const offsets = this.offsets(group)
      if (members.length === 0 && offsets.length === 0) return []
      // What the sweeper notes comes late; a member that is there now is not idle.
      const idleSinceUs = members.length === 0 ? view.groups.get(group)?.idleSinceUs : undefined
      const named = members.map((member) => {
        const stream = view.stream(member.incarnation)?.record.name ?? member.stream
        return stream === member.stream ? member : { ...member, stream }
      })
      return [{ group, generation, members: named, idleSinceUs, offsets }]
    })
  }

  async reset(group: string, offsets: readonly GroupOffset[]): Promise<void> {
    await this.#store.commit({
      bytes: CONTROL_REQUEST_BYTES + 64 * offsets.length,
      judge: () => this.#admission.judgeReset(group, offsets),
    })
  }
}
