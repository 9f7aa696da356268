/**
 * The environment variables of a child: what any program needs to run, and what its pipeline may read (`env` of the
 * grants of its source). Whatever else this process was started with, its secrets first of all, stays here.
 */

/** Needed by programs, and no secrets. */
const BASIC: ReadonlySet<string> = new Set([
  'HOME',
  'LANG',
  'LANGUAGE',
  'LOGNAME',
  'PATH',
  'SHELL',
  'TERM',
  'TMPDIR',
  'TZ',
  'USER',
])

export function childEnvironment(
  granted: (name: string) => string | undefined,
  own: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const name of Object.keys(own)) {
    const value = BASIC.has(name) || name.startsWith('LC_') ? own[name] : granted(name)
    if (value !== undefined) variables[name] = value
  }
  return variables
}
