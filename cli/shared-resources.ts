/** `-r`: files with resources that configs use beside their own. */
import { readConfigFile } from '../controllers/configs/config-file.ts'
import { HeadgateError } from '../engine/error.ts'
import { isRecord } from '../engine/pipelines/component-config.ts'
import { RESOURCE_LISTS } from '../engine/pipelines/spec.ts'
import { namedFiles } from './config-paths.ts'

export type ResourceLists = Readonly<Record<string, readonly unknown[]>>

export async function sharedResources(paths: readonly string[]): Promise<ResourceLists> {
  const lists: Record<string, unknown[]> = {}
  for (const { path, bytes } of await namedFiles(paths)) {
    const { documents, problems } = readConfigFile(path, bytes)
    const [first] = problems
    if (first !== undefined) {
      throw new HeadgateError(
        'YamlSyntax',
        `${path}:${first.line}:${first.column}: ${first.message}`,
      )
    }
    for (const { config } of documents) addResources(config, lists)
  }
  return lists
}

function addResources(config: unknown, lists: Record<string, unknown[]>): void {
  if (!isRecord(config)) return
  for (const role of RESOURCE_LISTS) {
    const key = `${role}_resources`
    const list = config[key]
    if (Array.isArray(list)) lists[key] = [...(lists[key] ?? []), ...list]
  }
}
