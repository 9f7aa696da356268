/** Objects of our kinds on the API server, each test in a namespace of its own. */

import { parse } from 'yaml'
import { kinds } from '../../crds/kinds.ts'
import { API_VERSION, type Kind } from '../../crds/resource.ts'
import { type Answer, type ApiServer, call } from './api-server.ts'

/** A fresh one: without its controller a namespace that goes stays for ever. */
export async function namespace(server: ApiServer): Promise<string> {
  const content = { metadata: { generateName: 'test-' } }
  const { body } = await call(server, 'POST', '/api/v1/namespaces', content)
  return body.metadata.name
}

export function objectsPath(kind: Kind, namespace: string): string {
  return `/apis/${API_VERSION}/namespaces/${namespace}/${kinds[kind].plural}`
}

/** Creates the one object of a document, and answers with what the server made of it. */
export async function post(
  server: ApiServer,
  namespace: string,
  document: string,
): Promise<Answer['body']> {
  const { kind } = parse(document) as { readonly kind: Kind }
  const path = `${objectsPath(kind, namespace)}?fieldValidation=Strict`
  const { status, body } = await call(server, 'POST', path, document)
  if (status !== 201) throw new Error(`expected ${kind} to be accepted: ${body.message}`)
  return body
}
