/** Files that a config names, such as schemas: read when a component is built, beneath the file roots of its source. */
import { HeadgateError } from '../error.ts'
import type { ConfigFault } from '../pipelines/component.ts'
import type { Need, PipelineEnvironment } from '../pipelines/pipeline.ts'

type Path = readonly (string | number)[]

/** As upstream's configs write paths of schemas: plain, or behind `file://`. */
const FILE_PREFIX = 'file://'
const REMOTE = /^https?:\/\//i

/** Nothing for an empty path. */
export function configFileNeeds(path: string, at: Path): readonly Need[] {
  return path === '' ? [] : [{ kind: 'file', name: withoutPrefix(path), path: at }]
}

export function configFileFaults(path: string, at: Path): readonly ConfigFault[] {
  if (!REMOTE.test(path)) return []
  const message = `expected the path of a file, got ${JSON.stringify(path)}`
  const hint = 'Nothing is fetched while a pipeline is built: save it as a file, and name that.'
  return [{ path: at, message, hint }]
}

export function readConfigFile(
  { files }: Pick<PipelineEnvironment, 'files'>,
  path: string,
): Uint8Array {
  if (files === undefined) {
    throw new HeadgateError('GrantMissing', `expected a grant for the file ${path}`)
  }
  return files.read(withoutPrefix(path), undefined).bytes
}

function withoutPrefix(path: string): string {
  return path.startsWith(FILE_PREFIX) ? path.slice(FILE_PREFIX.length) : path
}
