import { describe, expect, test } from 'vitest'
import { loadConfig } from './load-config.ts'

const problemsOf = (text: string): readonly string[] => {
  const loaded = loadConfig(text, '/etc/headgate.yaml')
  return loaded.ok
    ? []
    : loaded.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

describe('headgate.yaml', () => {
  test('declares folders, relative to itself, with what they may do', () => {
    const text = `sources:
  - name: team
    directory: ./team
    scope: {namespaces: [team], kinds: [Stream]}
    grants: {files: [data], env: [APP_*], listeners: ["127.0.0.1:*"]}
    prune: false
`
    expect(loadConfig(text, '/etc/headgate.yaml')).toEqual({
      ok: true,
      sources: [
        {
          name: 'team',
          type: 'directory',
          location: '/etc/team',
          scope: { namespaces: ['team'], kinds: ['Stream'] },
          grants: {
            namespaces: undefined,
            kinds: undefined,
            files: ['/etc/data'],
            env: ['APP_*'],
            commands: false,
            listeners: ['127.0.0.1:*'],
            declaredIn: '/etc/headgate.yaml',
          },
          atomic: false,
          prune: false,
        },
      ],
    })
  })

  test('may be empty', () => {
    expect(loadConfig('# nothing yet\n', '/etc/headgate.yaml')).toEqual({ ok: true, sources: [] })
  })

  test('refuses by name what is not there yet', () => {
    expect(
      problemsOf(
        'sources:\n  - name: a\n    git: {url: x}\n    atomic: true\nquotas: {}\npolicies: []\n',
      ),
    ).toEqual([
      '5:1 quotas is not yet available',
      '6:1 policies is not yet available',
      '3:5 source type git is not yet available',
      '4:5 an atomic source is not yet available',
    ])
  })

  test('tells unknown fields, missing folders and names that come twice, each at its place', () => {
    const text = `sources:
  - {name: a, directoy: x}
  - {name: b, directory: x}
  - {name: b, directory: y}
`
    expect(problemsOf(text)).toEqual([
      '2:15 there is no field directoy in sources.0',
      '2:5 expected sources.0.directory, got none',
      '4:12 expected a name of its own, got b a second time',
    ])
  })

  test('refuses ambiguous YAML as resources do', () => {
    expect(problemsOf('sources:\n  - {name: a, directory: x, prune: no}\n')).toHaveLength(1)
  })
})
