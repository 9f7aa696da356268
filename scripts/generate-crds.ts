/** Everything that derives from the kinds: static types, manifests and docs pages. */
import { stringify } from 'yaml'
import { docsPageOf } from '../crds/docs-page.ts'
import { kinds } from '../crds/kinds.ts'
import { manifestOf } from '../crds/manifest.ts'
import { staticTypesOf } from '../crds/static-type.ts'

export function generateCrds(): ReadonlyMap<string, string> {
  const definitions = Object.values(kinds)
  const files = new Map([['crds/generated/specs.gen.ts', staticTypesOf(definitions)]])
  for (const definition of definitions) {
    const { plural } = definition
    const manifest = stringify(manifestOf(definition), {
      lineWidth: 0,
      aliasDuplicateObjects: false,
    })
    files.set(`crds/generated/${plural}.crd.yaml`, manifest)
    files.set(`docs/reference/kinds/${plural}.md`, docsPageOf(definition))
  }
  return files
}
