/** How streams are declared in the files that somebody names, read when a test first asks. */
import { GRANTS_ALL, SCOPE_ALL } from '../controllers/config/implied-source.ts'
import { declaredIn } from '../controllers/configs/declared-pipelines.ts'
import { FileCache } from '../controllers/sets/file-cache.ts'
import { readSet } from '../controllers/sets/read-set.ts'
import type { ResourceSet } from '../controllers/sets/resource-set.ts'
import type { DeclaredStreams } from '../engine/pipelines/testing-kit/whole-case.ts'
import type { NamedFile } from './config-paths.ts'
import { engineInspector } from './inspector.ts'

/** What is wrong with a declaration is not a test's to tell: `validate` does. */
export function declaredTogether(
  files: readonly NamedFile[],
): (namespace: string) => Promise<DeclaredStreams> {
  let set: Promise<ResourceSet> | undefined
  return async (namespace) => {
    set ??= readSet({
      source: 'local',
      scope: SCOPE_ALL,
      grants: GRANTS_ALL,
      directory: process.cwd(),
      files,
      notes: [],
      unreadable: [],
      cache: new FileCache(engineInspector),
      known: () => true,
      held: () => false,
    })
    return declaredIn(await set, namespace)
  }
}
