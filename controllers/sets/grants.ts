/** Whether a source may declare what it declares: its scope and its grants, and the line to add where it may not. */
import { resolve, sep } from 'node:path'
import { referencesIn } from '../../engine/pipelines/environment-variables.ts'
import type { Need } from '../../engine/pipelines/pipeline.ts'
import type { Grants, Scope } from '../sources/source.ts'
import { type FilledNeed, hangsOnVariables } from './filled-needs.ts'
import type { PathProblem } from './problem-list.ts'
import type { Declaration } from './read-document.ts'

export interface Authority {
  readonly source: string
  readonly scope: Scope
  readonly grants: Grants
  /** Where relative paths of `file` components begin. */
  readonly directory: string
  /** Whether a file of code is one; where absent, none is looked at. `file` is where the module is named. */
  readonly moduleFault?: (module: string, file: string) => ModuleFault | undefined
}

export interface ModuleFault {
  readonly message: string
  readonly hint: string
}

export function checkAuthority(
  declaration: Declaration,
  authority: Authority,
): readonly PathProblem[] {
  return [
    ...checkScope(declaration, authority),
    ...checkIdentity(declaration, authority),
    ...(declaration.inspection?.needs ?? [])
      // What hangs on variables is judged when their values are known: where it is to run.
      .filter((need, _, needs) => !hangsOnVariables(need, needs) && !isGranted(need, authority))
      .map((need) => needProblem(need, declaration, authority)),
    ...moduleProblems(declaration, authority),
  ]
}

function moduleProblems(
  { inspection, origin, specPath }: Declaration,
  { moduleFault }: Authority,
): readonly PathProblem[] {
  if (moduleFault === undefined) return []
  return (inspection?.modules ?? []).flatMap(({ module, path }) => {
    const fault = referencesIn(module).length > 0 ? undefined : moduleFault(module, origin.file)
    if (fault === undefined) return []
    const place = { path: [...specPath, ...path], at: 'value' as const }
    return [{ layer: 'component', code: 'ComponentConfigInvalid', ...place, ...fault }]
  })
}

function checkScope(
  { identity, specPath }: Declaration,
  { source, scope }: Authority,
): readonly PathProblem[] {
  const problem = (
    path: readonly string[],
    what: string,
    allowed: readonly string[],
  ): PathProblem => ({
    layer: 'reference',
    code: 'OutOfScope',
    ...placeOf(specPath, path),
    message: `${what} is outside of the scope of source ${source}`,
    expected: `one of ${allowed.join(', ')}`,
    hint: 'widen its scope in headgate.yaml, or declare this elsewhere',
  })
  const { kinds, namespaces } = scope
  return [
    ...(kinds === undefined || kinds.includes(identity.kind)
      ? []
      : [problem(['kind'], `kind ${identity.kind}`, kinds)]),
    ...(namespaces === undefined || namespaces.includes(identity.namespace)
      ? []
      : [problem(['metadata', 'namespace'], `namespace ${identity.namespace}`, namespaces)]),
  ]
}

function checkIdentity(
  { identity, specPath }: Declaration,
  authority: Authority,
): readonly PathProblem[] {
  const { grants } = authority
  const problem = (path: readonly string[], field: string, name: string): PathProblem => ({
    layer: 'reference',
    code: 'GrantMissing',
    ...placeOf(specPath, path),
    message: `source ${authority.source} is not granted ${field} ${name}`,
    hint: lineToAdd(authority, `${field}: [${name}]`),
  })
  return [
    ...(grants.kinds === undefined || grants.kinds.includes(identity.kind)
      ? []
      : [problem(['kind'], 'kinds', identity.kind)]),
    ...(grants.namespaces === undefined || grants.namespaces.includes(identity.namespace)
      ? []
      : [problem(['metadata', 'namespace'], 'namespaces', identity.namespace)]),
  ]
}

/** A namespace that is only implied is reported at the name; a bare config has neither. */
function placeOf(
  specPath: readonly string[],
  path: readonly string[],
): Pick<PathProblem, 'path' | 'at'> {
  return specPath.length === 0 ? { path: [], at: 'key' } : { path, at: 'value' }
}

export function isGranted({ kind, name }: Need, { grants, directory }: Authority): boolean {
  if (grants.declaredIn === undefined) return true
  switch (kind) {
    case 'file':
      return grants.files.some((root) =>
        isBeneath(resolve(directory, root), resolve(directory, name)),
      )
    case 'env':
      return grants.env.some((pattern) => matches(pattern, name))
    case 'command':
      return grants.commands
    case 'listener':
      return grants.listeners.some((pattern) => matches(pattern, name))
  }
}

function needProblem(need: Need, { specPath }: Declaration, authority: Authority): PathProblem {
  return {
    layer: 'component',
    code: 'GrantMissing',
    path: [...specPath, ...need.path],
    at: 'value',
    ...refusalOf(need, authority),
  }
}

/** Undefined for what the source was granted. */
export function grantProblem(need: FilledNeed, authority: Authority): GrantRefusal | undefined {
  return isGranted(need, authority) ? undefined : refusalOf(need, authority)
}

export interface GrantRefusal {
  readonly message: string
  readonly hint: string
}

function refusalOf({ kind, name, written }: FilledNeed, authority: Authority): GrantRefusal {
  const message = `source ${authority.source} is not granted ${WORDS[kind]} ${written ?? name}`
  if (written === undefined) return { message, hint: lineToAdd(authority, GRANT_LINES[kind](name)) }
  const line = GRANT_LINES[kind]('…')
  return { message: `${message}, by the values of its variables`, hint: lineToAdd(authority, line) }
}

const WORDS: Readonly<Record<Need['kind'], string>> = {
  file: 'the file',
  env: 'the environment variable',
  command: 'the command',
  listener: 'the listener',
}

const GRANT_LINES: Readonly<Record<Need['kind'], (name: string) => string>> = {
  file: (name) => `files: [${name}]`,
  env: (name) => `env: [${name}]`,
  command: () => 'commands: true',
  listener: (name) => `listeners: ["${name}"]`,
}

function lineToAdd({ source, grants }: Authority, line: string): string {
  return `add to source ${source} in ${grants.declaredIn ?? 'headgate.yaml'}: grants: {${line}}`
}

function isBeneath(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name
}
