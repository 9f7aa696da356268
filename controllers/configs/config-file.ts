/**
 * A file → the configs in it: bare ones as Connect has them, and the specs of our Pipelines. What a file is for (tests,
 * a template, an overlay of resources) its caller knows; here it is only taken apart.
 */
import { API_VERSION } from '../../crds/resource.ts'
import { parseConfigYaml } from '../sets/parse-config-yaml.ts'
import { parseJson } from '../sets/parse-json.ts'
import type { Problem } from '../sets/problem.ts'
import { itemsOf } from '../sets/read-document.ts'
import { decode, SourceText } from '../sets/source-text.ts'
import { at, type Path, plainValue, type Tree, textAt } from '../sets/tree.ts'

export interface ConfigFile {
  readonly source: SourceText
  readonly documents: readonly ConfigDocument[]
  /** Of its syntax: what could not be read has no document. */
  readonly problems: readonly Problem[]
}

export interface ConfigDocument {
  /** `resource` is one of ours that holds no config. */
  readonly as: 'config' | 'pipeline' | 'resource' | 'foreign'
  readonly tree: Tree
  /** Where the config stands in the document. */
  readonly path: Path
  /** Of a Pipeline. */
  readonly name: string | undefined
  /** As it is written. */
  readonly config: unknown
}

export function readConfigFile(path: string, bytes: Uint8Array): ConfigFile {
  const decoded = decode(path, bytes)
  if (!decoded.ok) {
    return { source: new SourceText(path, ''), documents: [], problems: [decoded.problem] }
  }
  const { source } = decoded
  const { documents, problems } = path.toLowerCase().endsWith('.json')
    ? parseJson(source)
    : parseConfigYaml(source)
  const trees = documents.map(({ tree }) => tree).filter((tree) => tree !== undefined)
  return {
    source,
    documents: trees.flatMap((tree) => (itemsOf(tree) ?? [tree]).map(documentOf)),
    problems,
  }
}

function documentOf(tree: Tree): ConfigDocument {
  const apiVersion = textAt(tree, ['apiVersion'])
  const kind = textAt(tree, ['kind'])
  if (apiVersion === undefined && kind === undefined) {
    return { as: 'config', tree, path: [], name: undefined, config: plainValue(tree) }
  }
  const ours = apiVersion === API_VERSION
  if (!ours || kind !== 'Pipeline') {
    return {
      as: ours ? 'resource' : 'foreign',
      tree,
      path: [],
      name: undefined,
      config: undefined,
    }
  }
  const spec = at(tree, ['spec'])
  return {
    as: 'pipeline',
    tree,
    path: ['spec'],
    name: textAt(tree, ['metadata', 'name']),
    config: spec === undefined ? {} : plainValue(spec),
  }
}
