/** Every command, in the order in which the help lists them. */

import { adopt } from './adopt.ts'
import { apply } from './apply.ts'
import { approve } from './approve.ts'
import { backup } from './backup.ts'
import { blobl } from './blobl.ts'
import { bloblExplain } from './blobl-explain.ts'
import { bloblFmt } from './blobl-fmt.ts'
import { bloblServe } from './blobl-serve.ts'
import type { CommandDefinition } from './command.ts'
import { complete } from './complete.ts'
import { completion } from './completion.ts'
import { create } from './create.ts'
import { deleteCommand } from './delete.ts'
import { describe } from './describe.ts'
import { diff } from './diff.ts'
import { events } from './events.ts'
import { explain } from './explain.ts'
import { exportCommand } from './export.ts'
import { fmt } from './fmt.ts'
import { get } from './get.ts'
import { groupsDescribe } from './groups-describe.ts'
import { groupsList } from './groups-list.ts'
import { groupsReset } from './groups-reset.ts'
import { history } from './history.ts'
import { importCommand } from './import.ts'
import { importConnect } from './import-connect.ts'
import { init } from './init.ts'
import { kubeconfig } from './kubeconfig.ts'
import { latest } from './latest.ts'
import { lint } from './lint.ts'
import { list } from './list.ts'
import { pipelinesReset } from './pipelines-reset.ts'
import { plan } from './plan.ts'
import { produce } from './produce.ts'
import { purge } from './purge.ts'
import { reconcile } from './reconcile.ts'
import { redrive } from './redrive.ts'
import { release } from './release.ts'
import { repair } from './repair.ts'
import { restore } from './restore.ts'
import { resume } from './resume.ts'
import { rollback } from './rollback.ts'
import { schema } from './schema.ts'
import { streamsDump } from './streams-dump.ts'
import { streamsList } from './streams-list.ts'
import { suspend } from './suspend.ts'
import { tail } from './tail.ts'
import { tap } from './tap.ts'
import { testCommand } from './test.ts'
import { transfer } from './transfer.ts'
import { types } from './types.ts'
import { up } from './up.ts'
import { validate } from './validate.ts'
import { verify } from './verify.ts'
import { version } from './version.ts'
import { wait } from './wait.ts'
import { why } from './why.ts'

export const COMMANDS: readonly CommandDefinition[] = [
  init,
  up,
  validate,
  lint,
  testCommand,
  create,
  list,
  fmt,
  plan,
  apply,
  approve,
  get,
  describe,
  why,
  events,
  wait,
  deleteCommand,
  history,
  diff,
  rollback,
  suspend,
  resume,
  reconcile,
  adopt,
  transfer,
  release,
  exportCommand,
  importCommand,
  importConnect,
  tail,
  tap,
  latest,
  produce,
  redrive,
  purge,
  streamsList,
  streamsDump,
  groupsList,
  groupsDescribe,
  groupsReset,
  pipelinesReset,
  kubeconfig,
  backup,
  restore,
  verify,
  repair,
  blobl,
  bloblFmt,
  bloblExplain,
  bloblServe,
  explain,
  schema,
  types,
  completion,
  complete,
  version,
]
