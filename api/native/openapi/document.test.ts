import fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { KINDS } from '../../../crds/resource.ts'
import type { NativeContext } from '../context.ts'
import { serveNative } from '../native.ts'
import { openApiDocument } from './document.ts'
import { PATHS } from './paths.ts'

const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** The routes as they are registered; none of them is called. */
function registeredRoutes(): readonly string[] {
  const routes: string[] = []
  const server = fastify()
  server.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat())
      if (METHODS.includes(one)) routes.push(`${one} ${url.replace(/:(\w+)/g, '{$1}')}`)
  })
  const anything: unknown = new Proxy(() => undefined, { get: () => anything })
  serveNative(server, anything as NativeContext)
  return routes.filter((route) => / \/apis?\b/.test(route))
}

describe('the OpenAPI document', () => {
  test('describes every route that is registered, and no other', () => {
    const described = Object.entries(PATHS).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect([...new Set(registeredRoutes())].sort()).toEqual(described.sort())
  })

  test('refers to schemas that it has', () => {
    const text = JSON.stringify(openApiDocument(PATHS, 'v1'))
    const { components } = JSON.parse(text) as { components: { schemas: object } }
    const referred = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name,
    )
    expect(Object.keys(components.schemas)).toEqual(expect.arrayContaining([...new Set(referred)]))
    for (const kind of KINDS) expect(referred).toContain(`dev.headgate.v1alpha1.${kind}`)
  })

  test('gives each operation a name of its own', () => {
    const { paths } = openApiDocument(PATHS, 'v1') as {
      paths: Record<string, Record<string, { operationId?: string }>>
    }
    const ids = Object.values(paths)
      .flatMap((item) => Object.values(item))
      .flatMap(({ operationId }) => operationId ?? [])
    expect(ids).toEqual([...new Set(ids)])
  })
})
