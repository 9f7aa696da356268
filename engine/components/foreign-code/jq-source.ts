/**
 * What a thread runs for `jq`: jq itself, as WebAssembly.
 *
 * Each call of it reads and compiles the query, which takes a thousand times what a small message does. So all of a batch
 * is one call: a list of pairs, the document and its metadata, each of which makes one line, with all that the query
 * emits for it or the error that it failed with.
 */

export const JQ_SOURCE = `
const instantiate = WebAssembly.instantiate
WebAssembly.instantiate = (_, imports) => instantiate(data.module, imports)
const jq = await load('jq-web')
return (messages) => {
  const pairs = messages.map(({ document, metadata }) => '[' + document + ',' + metadata + ']')
  const lines = jq.raw('[' + pairs.join(',') + ']', data.filter, ['-c']).split('\\n')
  return lines.filter((line) => line !== '')
}
`

/** The query in the midst of what makes one line of each pair; what it fails with is caught. */
export function jqFilter(query: string): string {
  const caught = 'if type == "string" then . else tojson end'
  return `.[] | .[1] as $metadata | .[0] | try {v: [(\n${query}\n)]} catch {e: (${caught})}`
}
