/** Decides whether what a config needs of the world outside is granted to its source, and names the line to add. */
import { resolve, sep } from 'node:path'
import { HeadgateError } from '../../engine/error.ts'
import type { FilledNeed } from '../sets/filled-needs.ts'
import type { Grants } from '../sources/source.ts'

/** What a source without grants may do: nothing outside of the shared server. */
export const NO_GRANTS: Grants = {
  namespaces: undefined,
  kinds: undefined,
  files: [],
  env: [],
  commands: false,
  listeners: [],
  declaredIn: 'headgate.yaml',
}

/** Throws GrantMissing for the first need that is not granted. */
export function requireGrants(
  needs: readonly FilledNeed[],
  grants: Grants,
  directory: string,
): void {
  for (const need of needs) {
    const missing = missingGrant(need, grants, directory)
    if (missing === undefined) continue
    throw new HeadgateError(
      'GrantMissing',
      `The source may not use the ${need.kind} ${need.written ?? need.name}.`,
      {
        hint: `Add ${missing} to its grants in ${grants.declaredIn ?? 'headgate.yaml'}.`,
      },
    )
  }
}

/** The line to add; a name that holds values of variables is not in it. */
function missingGrant(
  { kind, name, written }: FilledNeed,
  grants: Grants,
  directory: string,
): string | undefined {
  const shown = written === undefined ? name : '…'
  switch (kind) {
    case 'file':
      return grants.files.some((root) => holdsPath(root, name, directory))
        ? undefined
        : `files: [${shown}]`
    case 'env':
      return isEnvGranted(name, grants) ? undefined : `env: [${name}]`
    case 'command':
      return grants.commands ? undefined : 'commands: true'
    case 'listener':
      return grants.listeners.some((granted) => holdsListener(granted, name))
        ? undefined
        : `listeners: ['${shown}']`
  }
}

export function isEnvGranted(name: string, { env }: Grants): boolean {
  return env.some((granted) =>
    granted.endsWith('*') ? name.startsWith(granted.slice(0, -1)) : granted === name,
  )
}

function holdsPath(root: string, path: string, directory: string): boolean {
  const absoluteRoot = resolve(directory, root)
  const absolute = resolve(directory, path)
  const prefix = absoluteRoot.endsWith(sep) ? absoluteRoot : absoluteRoot + sep
  return absolute === absoluteRoot || absolute.startsWith(prefix)
}

function holdsListener(granted: string, listener: string): boolean {
  if (granted === '*' || granted === listener) return true
  return granted.endsWith(':*') && listener.startsWith(granted.slice(0, -1))
}
