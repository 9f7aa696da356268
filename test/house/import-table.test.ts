import { builtinModules } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DEVELOPMENT_PACKAGES, FOLDERS, PACKAGES } from './import-table.ts'
import { isTest, sourceFiles, withoutComments } from './source-files.ts'

const IMPORT =
  /(?:^|\n|;|\s)(?:import|export)\s[^'"`;]*?from\s+'([^']+)'|\b(?:import|require)\s*\(\s*'([^']+)'|(?:^|\n)import\s+'([^']+)'/g

function importsOf(text: string): readonly string[] {
  return [...withoutComments(text).matchAll(IMPORT)].map((m) => m[1] ?? m[2] ?? m[3] ?? '')
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
}

const isDevelopment = (path: string): boolean =>
  isTest(path) || /^(bench|scripts)\//.test(path) || /^[^/]+$/.test(path)

const within = (path: string, place: string): boolean =>
  path === place || path.startsWith(`${place}/`)

describe('the import table', () => {
  const files = sourceFiles()

  test('every folder imports only what the table allows', () => {
    const wrong = files.flatMap(({ path, text }) => {
      const folder = path.split('/')[0] ?? ''
      const allowed = isTest(path) ? FOLDERS['test'] : FOLDERS[folder]
      if (!path.includes('/') || path.startsWith('bin/') || path.startsWith('examples/')) return []
      return importsOf(text)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => normalize(join(dirname(path), specifier)))
        .filter((target) => !allowed?.includes(target.split('/')[0] ?? ''))
        .map((target) => `${path} imports ${target}`)
    })
    expect(wrong).toEqual([])
  })

  test('every package is imported only where the table names it', () => {
    // Examples are programs of other people, who have packages of their own.
    const ours = files.filter(({ path }) => !path.startsWith('examples/'))
    const wrong = ours.flatMap(({ path, text }) =>
      importsOf(text)
        .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .map(packageOf)
        .filter((name) => !(PACKAGES[name] ?? []).some((place) => within(path, place)))
        .filter(
          (name) =>
            !(
              isDevelopment(path) &&
              [...DEVELOPMENT_PACKAGES, ...Object.keys(PACKAGES)].includes(name)
            ),
        )
        .map((name) => `${path} imports ${name}`),
    )
    expect(wrong).toEqual([])
  })

  test('built-in modules carry the node: prefix', () => {
    const wrong = files.flatMap(({ path, text }) =>
      importsOf(text)
        .filter((name) => !name.startsWith('node:') && builtinModules.includes(name))
        .map((name) => `${path} imports ${name}`),
    )
    expect(wrong).toEqual([])
  })

  test('relative imports name the file with its ending', () => {
    const wrong = files.flatMap(({ path, text }) =>
      importsOf(text)
        .filter((specifier) => specifier.startsWith('.') && !/\.(ts|mjs|json)$/.test(specifier))
        .map((name) => `${path} imports ${name}`),
    )
    expect(wrong).toEqual([])
  })

  test('names no package that is not installed, and no place that does not import it', () => {
    const stale = Object.entries(PACKAGES).flatMap(([name, places]) =>
      places
        .filter(
          (place) =>
            !files.some(
              ({ path, text }) =>
                within(path, place) && importsOf(text).map(packageOf).includes(name),
            ),
        )
        .map((place) => `${place} does not import ${name}`),
    )
    expect(stale).toEqual([])
  })
})
