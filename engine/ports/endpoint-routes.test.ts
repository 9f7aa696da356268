import { describe, expect, test } from 'vitest'
import { EndpointRoutes, pathOf } from './endpoint-routes.ts'
import { pathFault, pathPattern } from './path-pattern.ts'

const matched = (pattern: string, path: string): unknown => {
  const found = pathPattern(pattern).match(path)
  return found === undefined ? undefined : Object.fromEntries(found)
}

describe('a path with parameters', () => {
  test('takes one segment, or a part of one, for each, decoded', () => {
    expect(matched('/a/{id}', '/a/7')).toEqual({ id: '7' })
    expect(matched('/a/{id}', '/a/x%2Fy')).toEqual({ id: 'x/y' })
    expect(matched('/a/{id}.{ext}/x', '/a/one.two.js/x')).toEqual({ id: 'one', ext: 'two.js' })
    expect(matched('/a/{id}', '/a/')).toBeUndefined()
    expect(matched('/a/{id}', '/a/b/c')).toBeUndefined()
    expect(matched('/a.b/{id}', '/aXb/1')).toBeUndefined()
  })

  test('takes everything beneath it where it ends with a slash', () => {
    expect(matched('/a/{id}/', '/a/7/b/c')).toEqual({ id: '7' })
    expect(matched('/a/{id}/', '/a/7')).toBeUndefined()
    expect(matched('/a/', '/a/b')).toEqual({})
    expect(matched('/a/', '/a')).toBeUndefined()
  })

  test('is refused where a parameter has no proper name', () => {
    expect(pathFault('/a/{id}')).toBeUndefined()
    for (const path of ['a', '/{}', '/{a/b}', '/{a}/{a}', '/{a', '/a}', '/{a:[0-9]+}']) {
      expect(pathFault(path)).toContain('expected')
    }
  })
})

describe('the paths of many endpoints', () => {
  const routes = new EndpointRoutes<string>()
  const paths = ['/a/', '/a/b', '/a/{x}', '/a/b/{y}/z', '/a/b/', '/{any}']
  for (const path of paths) routes.set(path, path)

  test('are found the most exact first', () => {
    expect(routes.find('/a/b')).toBe('/a/b')
    expect(routes.find('/a/c')).toBe('/a/{x}')
    expect(routes.find('/a/b/c/z')).toBe('/a/b/{y}/z')
    expect(routes.find('/a/b/c')).toBe('/a/b/')
    expect(routes.find('/a/')).toBe('/a/')
    expect(routes.find('/c')).toBe('/{any}')
    expect(routes.find('/c/d')).toBeUndefined()
  })

  test('are given back one by one', () => {
    const own = new EndpointRoutes<number>()
    own.set('/a/{x}', 1)
    own.set('/a/{y}/b', 2)
    own.delete('/a/{x}')
    expect([own.get('/a/{x}'), own.find('/a/1'), own.find('/a/1/b')]).toEqual([
      undefined,
      undefined,
      2,
    ])
    own.delete('/a/{y}/b')
    expect(own.size).toBe(0)
  })

  test('are compared as people write them', () => {
    expect(pathOf('/caf%C3%A9?x=1')).toBe('/café')
    expect(pathOf('/%zz')).toBe('/%zz')
  })
})
