/** Every path of the native API, as the route files describe them. A route that is missing here fails a test. */
import { APPLY_SET_PATHS } from '../apply-set.ts'
import { BACKUP_PATHS } from '../backups.ts'
import { CONSUMER_GROUP_PATHS } from '../consumer-groups.ts'
import { DISCOVERY_PATHS } from '../discovery.ts'
import { EVENT_PATHS } from '../events.ts'
import { GROUP_MEMBER_PATHS } from '../group-members.ts'
import { NAMESPACE_PATHS } from '../namespaces.ts'
import { OWNERSHIP_PATHS } from '../ownership.ts'
import { PIPELINE_FLOW_PATHS } from '../pipeline-flows.ts'
import { PIPELINE_RESET_PATHS } from '../pipeline-resets.ts'
import { PIPELINE_RUN_PATHS } from '../pipeline-runs.ts'
import { PIPELINE_TAP_PATHS } from '../pipeline-taps.ts'
import { RECONCILE_PATHS } from '../reconcile.ts'
import { RECORD_PATHS } from '../records-paths.ts'
import { REDRIVE_PATHS } from '../redrives.ts'
import { RETAINED_STREAM_PATHS } from '../retained-streams.ts'
import { REVISION_PATHS } from '../revisions.ts'
import { SOURCE_PATHS } from '../sources.ts'
import { STREAM_USAGE_PATHS } from '../stream-usages.ts'
import { SUSPENSION_PATHS } from '../suspensions.ts'
import { WHY_PATHS } from '../why.ts'
import { KIND_PATHS } from './kind-paths.ts'
import type { PathItems } from './path-item.ts'

export const PATHS: PathItems = {
  ...DISCOVERY_PATHS,
  ...NAMESPACE_PATHS,
  ...EVENT_PATHS,
  ...KIND_PATHS,
  ...SOURCE_PATHS,
  ...RETAINED_STREAM_PATHS,
  ...CONSUMER_GROUP_PATHS,
  ...GROUP_MEMBER_PATHS,
  ...STREAM_USAGE_PATHS,
  ...RECORD_PATHS,
  ...REDRIVE_PATHS,
  ...BACKUP_PATHS,
  ...REVISION_PATHS,
  ...SUSPENSION_PATHS,
  ...PIPELINE_RUN_PATHS,
  ...PIPELINE_TAP_PATHS,
  ...PIPELINE_RESET_PATHS,
  ...PIPELINE_FLOW_PATHS,
  ...RECONCILE_PATHS,
  ...WHY_PATHS,
  ...APPLY_SET_PATHS,
  ...OWNERSHIP_PATHS,
}
