/** Compiles the Bloblang of a config, for inspection (problems as data) and for building (problems thrown). */

import {
  compileInterpolation,
  compileMapping,
  compileOverlay,
  compileQuery,
} from '../bloblang/bloblang.ts'
import type { BloblangEnvironment } from '../bloblang/environment.ts'
import { filesNamed } from '../bloblang/files-named.ts'
import type {
  Compiled,
  Interpolation,
  Mapping,
  MappingProblem,
  Overlay,
  Query,
} from '../bloblang/mapping.ts'
import { HeadgateError } from '../error.ts'
import { type ConfigPath, problem } from './component-config.ts'
import type { ConfigProblem, PipelineEnvironment } from './pipeline.ts'

/** Inspection runs nothing, so a mapping may compile against an environment that answers nothing. */
export const OFFLINE: BloblangEnvironment = {
  clock: {
    wallUs: () => 0,
    monotonicMs: () => 0,
    sleep: async () => {},
    schedule: () => ({ cancel: () => {} }),
  },
  random: { next: () => 0, bytes: (count) => new Uint8Array(count), uuid: () => '' },
  env: () => undefined,
  hostname: '',
}

export function bloblangEnvironment(
  environment: PipelineEnvironment,
  hostname: string,
): BloblangEnvironment {
  const { clock, random, env, files } = environment
  return { clock, random, env, hostname, ...(files === undefined ? {} : { files }) }
}

export function bloblangProblems(
  kind: 'mapping' | 'query' | 'interpolated',
  text: string,
  path: ConfigPath,
): readonly ConfigProblem[] {
  // An empty query or mapping is how a config says that there is none.
  if (kind !== 'interpolated' && text.trim() === '') return []
  // What the files say is known when it is built; it is judged then.
  if (kind === 'mapping' && filesNamed(text).length > 0) return []
  const compile = {
    mapping: compileMapping,
    query: compileQuery,
    interpolated: compileInterpolation,
  }
  const compiled: Compiled<unknown> = compile[kind](text, OFFLINE)
  const severity = compiled.ok ? 'warning' : 'error'
  const found = compiled.ok ? compiled.warnings : compiled.problems
  return found.map((one) => toConfigProblem(one, path, severity))
}

export function mappingOf(text: string, environment: BloblangEnvironment): Mapping {
  return orThrow(compileMapping(text, environment))
}

export function overlayOf(text: string, environment: BloblangEnvironment): Overlay {
  return orThrow(compileOverlay(text, environment))
}

export function queryOf(text: string, environment: BloblangEnvironment): Query {
  return orThrow(compileQuery(text, environment))
}

export function interpolationOf(text: string, environment: BloblangEnvironment): Interpolation {
  return orThrow(compileInterpolation(text, environment))
}

function toConfigProblem(
  found: MappingProblem,
  path: ConfigPath,
  severity: ConfigProblem['severity'],
): ConfigProblem {
  const { line, column, message, ...rest } = found
  return problem({
    path,
    at: 'value',
    severity,
    code: 'BloblangInvalid',
    message,
    within: { line, column },
    ...rest,
  })
}

function orThrow<T>(compiled: Compiled<T>): T {
  if (compiled.ok) return compiled.value
  const [first] = compiled.problems
  throw new HeadgateError(
    'BloblangInvalid',
    first === undefined
      ? 'it does not compile'
      : `line ${first.line} char ${first.column}: ${first.message}`,
    first?.hint === undefined ? {} : { hint: first.hint },
  )
}
