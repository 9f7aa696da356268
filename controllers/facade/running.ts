/** What runs: the parts that the faces of the control plane work with. */
import type { BackOff } from '../apply/back-off.ts'
import type { SourceLoop } from '../apply/source-loop.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { ControlPlaneOptions } from '../control-plane-options.ts'
import type { Chronicle } from '../history/chronicle.ts'
import type { PostedSources } from '../posted/posted-sources.ts'
import type { PostedStore } from '../posted/posted-store.ts'
import type { Reconcilers } from '../reconcilers/create-reconcilers.ts'
import type { ChangeFeed } from '../status/change-feed.ts'
import type { TransitionTimes } from '../status/conditions.ts'

export interface Running {
  readonly options: ControlPlaneOptions
  readonly catalog: Catalog
  readonly reconcilers: Reconcilers
  readonly backOff: BackOff
  /** By the name of the source. It grows: a set that is posted under a new name gets a loop of its own. */
  readonly loops: ReadonlyMap<string, SourceLoop>
  readonly times: TransitionTimes
  readonly changes: ChangeFeed
  readonly chronicle: Chronicle
  readonly posted: PostedStore
  readonly postedSources: PostedSources
  /** A loop of its own for a posted source, which looks at nothing before it is started. */
  openPosted(name: string): SourceLoop
  /** It is a source of this server from now on. */
  register(loop: SourceLoop): void
  unregister(loop: SourceLoop): void
}
