/** What a server is told by its command line and headgate.yaml together. */
import { readFileSync } from 'node:fs'
import { impliedSource } from '../controllers/config/implied-source.ts'
import { type LoadedConfig, loadConfig } from '../controllers/config/load-config.ts'
import { API_SOURCE } from '../controllers/resource-writes.ts'
import { HeadgateError } from '../engine/error.ts'
import { problemsText } from './problems-text.ts'
import type { ServerOptions } from './server-options.ts'

export type ServerConfig = Pick<
  Extract<LoadedConfig, { ok: true }>,
  'sources' | 'quotas' | 'engineId' | 'policies' | 'alerts'
>

/** Throws Usage where headgate.yaml is wrong, with all that is, each in its place. */
export function readServerConfig({
  folder,
  source,
  configFile,
}: Pick<ServerOptions, 'folder' | 'source' | 'configFile'>): ServerConfig {
  const configured = configFile === undefined ? undefined : readConfig(configFile)
  const {
    sources = [],
    quotas = new Map(),
    engineId,
    policies = [],
    alerts = [],
  } = configured ?? {}
  if (folder === undefined) return { sources, quotas, engineId, policies, alerts }
  if (source === API_SOURCE) {
    throw new HeadgateError(
      'Usage',
      `the name ${API_SOURCE} is for what is written object by object through the API`,
      { hint: 'Give the folder another name with --source NAME.' },
    )
  }
  if (sources.some(({ name }) => name === source)) {
    throw new HeadgateError('Usage', `${configFile} configures a source ${source} already`, {
      hint: 'Give the folder another name with --source NAME.',
    })
  }
  const all = [...sources, impliedSource(folder, source)]
  return { sources: all, quotas, engineId, policies, alerts }
}

function readConfig(path: string): ServerConfig {
  const text = readFileSync(path, 'utf8')
  const config = loadConfig(text, path)
  if (config.ok) return config
  const problems = problemsText(
    config.problems,
    () => text,
    (_style, shown) => shown,
  )
  throw new HeadgateError('Usage', `${path} is not valid\n${problems}`)
}
