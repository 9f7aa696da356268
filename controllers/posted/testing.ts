/** What tests of posted sources share: a control plane that reads what is posted as a server does, and texts to post. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Identity, Kind } from '../../crds/resource.ts'
import { inspectPipeline } from '../../engine/pipelines/inspect-pipeline.ts'
import type { Builders, ControlPlaneOptions } from '../control-plane-options.ts'
import type { WriteRequest, WrittenObject } from '../resource-writes.ts'
import { FileCache } from '../sets/file-cache.ts'
import { readSet } from '../sets/read-set.ts'
import { INSPECTION_EMPTY } from '../sets/testing.ts'
import type { Source } from '../sources/source.ts'
import { type World, worldOf } from '../testing.ts'

export function postedWorld(
  given: Partial<ControlPlaneOptions> = {},
  sources: readonly Source[] = [],
): World {
  const world = worldOf(sources, given)
  const builders: Builders = { ...world.options.builders, readFiles, inspectPipeline }
  return { ...world, options: { ...world.options, builders } }
}

const readFiles: Builders['readFiles'] = ({ name, scope, grants }, files, known = () => false) =>
  readSet({
    source: name,
    scope,
    grants,
    directory: '/srv',
    files: files.map(({ path, text }) => ({ path, bytes: Buffer.from(text) })),
    notes: [],
    unreadable: [],
    cache: new FileCache({
      pipeline: (config) => inspectPipeline(config),
      sink: async () => INSPECTION_EMPTY,
    }),
    known,
    held: () => false,
  })

export const identityOf = (kind: Kind, name: string): Identity => ({
  kind,
  namespace: 'default',
  name,
})

export function objectOf(
  kind: Kind,
  name: string,
  spec: object,
  annotations?: Readonly<Record<string, string>>,
): WrittenObject {
  const metadata = { name, namespace: 'default', ...(annotations && { annotations }) }
  return {
    object: { apiVersion: 'headgate.dev/v1alpha1', kind, metadata, spec },
    managedFields: [],
  }
}

export function writeOf(
  kind: Kind,
  name: string,
  spec: object,
  rest: Partial<WriteRequest> = {},
): WriteRequest {
  const written = objectOf(kind, name, spec)
  return { identity: identityOf(kind, name), written, expects: 'either', dryRun: false, ...rest }
}

/** Lets time pass until nothing is left to settle. */
export async function settle({ clock }: World, ms = 600): Promise<void> {
  for (let step = 0; step < 6; step += 1) {
    await clock.advance(ms / 6)
    for (let index = 0; index < 20; index += 1) await turn()
  }
}

/** Between streams, which runs without anything outside. */
export const pipelineSpec = (from: string, to: string): object => ({
  input: { stream: { name: from } },
  output: { stream: { name: to } },
})

export function fileOf(kind: Kind, name: string, spec: object): { path: string; text: string } {
  return {
    path: `${kind}-${name}.json`,
    text: JSON.stringify(objectOf(kind, name, spec).object, undefined, 2),
  }
}
