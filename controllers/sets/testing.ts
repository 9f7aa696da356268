/** What tests of sets share: files as text, no grants missing, and inspectors that find nothing unless told. */
import type { PipelineInspection } from '../../engine/pipelines/pipeline.ts'
import { GRANTS_ALL, SCOPE_ALL } from '../config/implied-source.ts'
import { FileCache } from './file-cache.ts'
import type { Inspector } from './inspector.ts'
import { readSet, type SetInput } from './read-set.ts'
import type { ResourceSet } from './resource-set.ts'

export const INSPECTION_EMPTY: PipelineInspection = {
  problems: [],
  streams: [],
  needs: [],
  exclusives: [],
  secrets: [],
  atLeastOnceBecause: undefined,
}

export function inspectorOf(inspection: Partial<PipelineInspection> = {}): Inspector {
  const answer = Promise.resolve({ ...INSPECTION_EMPTY, ...inspection })
  return { pipeline: () => answer, sink: () => answer }
}

export function readTexts(
  texts: Readonly<Record<string, string | Uint8Array>>,
  options: Partial<SetInput> = {},
): Promise<ResourceSet> {
  return readSet({
    source: 'local',
    scope: SCOPE_ALL,
    grants: GRANTS_ALL,
    directory: '/',
    files: Object.entries(texts).map(([path, text]) => ({ path, bytes: Buffer.from(text) })),
    notes: [],
    unreadable: [],
    cache: new FileCache(inspectorOf()),
    known: () => false,
    held: () => false,
    ...options,
  })
}
