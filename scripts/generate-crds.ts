/** Everything that derives from the kinds: static types, manifests and docs pages. */
import { stringify } from 'yaml'
import { exampleValueOf } from '../cli/explain-example.ts'
import { findTopic } from '../cli/explain-topic.ts'
import { type ResolvedSchemas, resolveSchemas } from '../cli/resolved-schemas.ts'
import { effectOf } from '../controllers/plan/field-tables.ts'
import { docsPageOf, type FieldFacts } from '../crds/docs-page.ts'
import { kinds } from '../crds/kinds.ts'
import { manifestOf } from '../crds/manifest.ts'
import type { Kind } from '../crds/resource.ts'
import { staticTypesOf } from '../crds/static-type.ts'

export async function generateCrds(): Promise<ReadonlyMap<string, string>> {
  const resolved = await resolveSchemas()
  const definitions = Object.values(kinds)
  const files = new Map([['crds/generated/specs.gen.ts', staticTypesOf(definitions)]])
  for (const definition of definitions) {
    const { plural } = definition
    const manifest = stringify(manifestOf(definition), {
      lineWidth: 0,
      aliasDuplicateObjects: false,
    })
    files.set(`crds/generated/${plural}.crd.yaml`, manifest)
    files.set(
      `docs/reference/kinds/${plural}.md`,
      docsPageOf(definition, factsOf(definition.kind, resolved)),
    )
  }
  return files
}

function factsOf(kind: Kind, resolved: ResolvedSchemas): FieldFacts {
  return {
    effectOf: (path) => effectOf(kind, path),
    exampleOf: (path) => {
      const value = exampleValueOf(findTopic(`${kind}.${path}`, resolved), resolved)
      return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()
    },
  }
}
