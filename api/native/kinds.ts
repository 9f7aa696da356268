/** What the native API serves, by the names of its paths. */
import type { KindDefinition } from '../../crds/kind.ts'
import { kinds } from '../../crds/kinds.ts'

export const SERVED_KINDS: readonly KindDefinition[] = Object.values(kinds)

export const SOURCES = 'sources'
export const RETAINED_STREAMS = 'retainedstreams'
export const CONSUMER_GROUPS = 'consumergroups'
export const STREAM_USAGES = 'streamusages'
