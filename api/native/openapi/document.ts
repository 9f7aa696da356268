/** Path items → the OpenAPI 3.0 document. */
import { KIND_SCHEMAS } from './kind-paths.ts'
import { META, META_SCHEMAS } from './meta-schemas.ts'
import type { Operation, PathAnswer, PathItem, PathItems, PathMethod } from './path-item.ts'
import { type OpenApiSchema, reference } from './schema.ts'

const JSON_ONLY: readonly string[] = ['application/json']

export function openApiDocument(paths: PathItems, version: string): object {
  return {
    openapi: '3.0.0',
    info: { title: 'Headgate', version },
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, item]) => [path, documentItem(path, item)]),
    ),
    components: { schemas: { ...KIND_SCHEMAS, ...META_SCHEMAS } },
  }
}

function documentItem(path: string, item: PathItem): object {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const parameters = names.map((name) => ({
    name,
    in: 'path',
    required: true,
    description: `The ${name}.`,
    schema: { type: 'string', uniqueItems: true },
  }))
  const operations = Object.entries(item).map(([method, operation]) => [
    method,
    documentOperation(method as PathMethod, path, operation),
  ])
  return {
    ...Object.fromEntries(operations),
    ...(parameters.length === 0 ? {} : { parameters }),
  }
}

function documentOperation(method: PathMethod, path: string, operation: Operation): object {
  const { summary, query = {}, body, bodyTypes = JSON_ONLY, answers, action, of } = operation
  return {
    description: summary,
    operationId: operationId(method, path),
    parameters: Object.entries(query).map(([name, { description, ...schema }]) => ({
      name,
      in: 'query',
      description,
      schema: { ...schema, uniqueItems: true },
    })),
    ...(body === undefined ? {} : { requestBody: { content: contentOf(body, bodyTypes) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, documentAnswer(answer)]),
      ),
      default: {
        description: 'It was refused.',
        content: contentOf(reference(`${META}.Status`), JSON_ONLY),
      },
    },
    ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
    ...(of === undefined ? {} : { 'x-kubernetes-group-version-kind': of }),
  }
}

function documentAnswer({ description, schema, types = JSON_ONLY }: PathAnswer): object {
  return { description, ...(schema === undefined ? {} : { content: contentOf(schema, types) }) }
}

function contentOf(schema: OpenApiSchema, types: readonly string[]): object {
  return Object.fromEntries(types.map((type) => [type, { schema }]))
}

function operationId(method: PathMethod, path: string): string {
  const words = path
    .replace(/[{}]/g, '')
    .split(/[/.-]/)
    .filter((word) => word !== '')
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
  return `${method}${words.join('')}`
}
