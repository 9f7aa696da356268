/** A live object as the document that declares it: what the server keeps for itself is left out, and so are secrets. */
import { Document, visit } from 'yaml'
import { formatYaml } from '../controllers/sets/format-yaml.ts'
import { MASK } from '../controllers/sets/secret-text.ts'
import { ambiguityOf } from '../controllers/sets/yaml-scalar.ts'
import { API_VERSION, type ResourceObject } from '../crds/resource.ts'

const MERGE_KEY = '<<'
/** YAML has them as escapes only, or takes them for the ends of lines. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g
/** Written by kubectl for itself. */
const FOREIGN_ANNOTATION = /^kubectl\.kubernetes\.io\//

export function declarable({ kind, metadata, spec }: ResourceObject): object {
  const { name, namespace, labels } = metadata
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([key]) => !FOREIGN_ANNOTATION.test(key)),
  )
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: {
      name,
      ...(namespace === undefined || namespace === 'default' ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    ...(spec === undefined ? {} : { spec }),
  }
}

/** One document an object, in the form that `fmt` gives. */
export function declarationsText(objects: readonly ResourceObject[]): string {
  return objects.map((object) => formatYaml(documentText(object))).join('---\n')
}

/** No line is folded, nothing is an alias, and what some readers would take for something else is quoted. */
function documentText(object: ResourceObject): string {
  const document = new Document(declarable(object), { aliasDuplicateObjects: false })
  visit(document, {
    Scalar(_, node) {
      const { value } = node
      if (typeof value !== 'string') return
      const isMistaken = value === MERGE_KEY || ambiguityOf(value) !== undefined
      if (isMistaken || value.search(UNPRINTABLE) >= 0) node.type = 'QUOTE_DOUBLE'
    },
  })
  return document
    .toString({ lineWidth: 0 })
    .replace(UNPRINTABLE, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Where the server hid a literal secret: `spec.output.http_client.headers.authorization`. */
export function hiddenSecrets({ spec }: ResourceObject): readonly string[] {
  const paths: string[] = []
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'string' && value.includes(MASK)) paths.push(path)
    else if (Array.isArray(value))
      for (const [index, item] of value.entries()) walk(item, `${path}[${index}]`)
    else if (typeof value === 'object' && value !== null)
      for (const [name, item] of Object.entries(value)) walk(item, `${path}.${name}`)
  }
  walk(spec, 'spec')
  return paths
}
