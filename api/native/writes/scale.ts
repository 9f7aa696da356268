/** The scale subresource: how many there are as a number of its own, which `kubectl scale` reads and writes. */
import type { KindDefinition, Scale } from '../../../crds/kind.ts'
import { GROUP, type ResourceObject } from '../../../crds/resource.ts'
import { compilePath } from '../json-path.ts'
import { StatusError } from '../status.ts'
import { jsonPatch, mergePatch, type PatchKind } from './patch.ts'
import type { ReadBody } from './read-body.ts'
import { currentOf, isFields, keep, readCandidate, type WriteTarget } from './write-object.ts'
import { invalid } from './write-status.ts'

export function scaleOf({ metadata, ...object }: ResourceObject, scale: Scale): object {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata
  const numberAt = (path: string): number => {
    const value = compilePath(path)(object)
    return typeof value === 'number' ? value : 0
  }
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(scale.specReplicasPath) },
    status: { replicas: numberAt(scale.statusReplicasPath) },
  }
}

/** A write of the scale is a write of that one field of the object. */
export async function writeScale(
  target: WriteTarget,
  name: string,
  scale: Scale,
  body: ReadBody,
  patch: PatchKind | undefined,
): Promise<object> {
  const { definition } = target
  const current = currentOf(target, name)
  if (current === undefined) throw missing(definition, name)
  const before = scaleOf(current.object, scale)
  const { metadata, spec } = scaleAfter(before, body.value, patch)
  const replicas = isFields(spec) ? (spec['replicas'] ?? 0) : 0
  if (!Number.isInteger(replicas) || Number(replicas) < 0)
    throw invalid({ kind: definition.kind, plural: '', name }, [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(replicas)}: should be a non-negative integer`,
        field: scale.specReplicasPath,
      },
    ])
  const { resourceVersion } = isFields(metadata) ? metadata : {}
  const changed = mergePatch(current.object, patchOf(scale.specReplicasPath, replicas))
  const candidate = readCandidate(target, changed, [], name, 'patch')
  const named = {
    ...candidate,
    metadata: {
      ...candidate.metadata,
      resourceVersion: patch === undefined ? resourceVersion : undefined,
    },
  }
  return scaleOf(await keep(target, named, current), scale)
}

function scaleAfter(
  before: object,
  value: unknown,
  patch: PatchKind | undefined,
): Readonly<Record<string, unknown>> {
  if (patch === 'apply')
    throw new StatusError(415, 'UnsupportedMediaType', 'a scale is not applied: patch it')
  const after =
    patch === undefined
      ? value
      : patch === 'merge'
        ? mergePatch(before, value)
        : jsonPatch(before, value)
  if (isFields(after) && after['kind'] === 'Scale') return after
  throw new StatusError(400, 'BadRequest', 'the body: expected a Scale of autoscaling/v1')
}

/** `.spec.shards` and 4 → `{spec: {shards: 4}}`. */
function patchOf(path: string, value: unknown): unknown {
  const names = path.split('.').slice(1)
  return names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
}

function missing({ plural }: KindDefinition, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${plural}.${GROUP} ${JSON.stringify(name)} not found`, {
    name,
    group: GROUP,
    kind: plural,
  })
}
