/** Sources that nobody configured: what an API's callers may do without a word in headgate.yaml. */
import { SCOPE_ALL } from '../config/implied-source.ts'
import { API_SOURCE } from '../resource-writes.ts'
import type { SourceDeclaration } from '../sources/source.ts'

/** Where posted sources say that they are. */
export const POSTED_LOCATION = 'api'

/**
 * Files beneath the working directory, and nothing else of the world outside. Whoever may write here is the local
 * administrator, for the server listens on a loopback address only.
 */
export function postedDeclaration(name: string, directory: string): SourceDeclaration {
  return {
    name,
    type: 'api',
    location: POSTED_LOCATION,
    scope: SCOPE_ALL,
    grants: {
      namespaces: undefined,
      kinds: undefined,
      files: [directory],
      env: [],
      commands: false,
      listeners: [],
      declaredIn: 'headgate.yaml',
    },
    // Single objects stand each for itself.
    atomic: name !== API_SOURCE,
    prune: true,
  }
}
