/** Starts one API server for every test of this folder, with all kinds in it, and stops it when they are done. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { GROUP, KINDS } from '../../crds/resource.ts'
import { until } from '../harness/headgate-process.ts'
import { type ApiServer, call, startApiServer } from './api-server.ts'
import { buildBinaries } from './binaries.ts'

const MANIFESTS = join(import.meta.dirname, '../../crds/generated')
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

declare module 'vitest' {
  export interface ProvidedContext {
    readonly apiServer: ApiServer
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...server } = await startApiServer(buildBinaries())
  try {
    for (const file of readdirSync(MANIFESTS).filter((name) => name.endsWith('.crd.yaml')))
      await establish(server, readFileSync(join(MANIFESTS, file), 'utf8'))
    await until('the kinds to be served', async () => {
      const { status, body } = await call(server, 'GET', `/apis/${GROUP}/v1alpha1`)
      return status === 200 && body.resources.length > 2 * KINDS.length
    })
  } catch (error) {
    await stop()
    throw error
  }
  project.provide('apiServer', server)
  return stop
}

async function establish(server: ApiServer, manifest: string): Promise<void> {
  const { status, body } = await call(server, 'POST', DEFINITIONS, manifest)
  if (status !== 201) throw new Error(`expected the manifest to be accepted: ${body.message}`)
  await until(`${body.metadata.name} to be established`, async () => {
    const now = await call(server, 'GET', `${DEFINITIONS}/${body.metadata.name}`)
    const conditions: readonly { readonly type: string; readonly status: string }[] =
      now.body.status?.conditions ?? []
    return conditions.some(({ type, status: holds }) => type === 'Established' && holds === 'True')
  })
}
