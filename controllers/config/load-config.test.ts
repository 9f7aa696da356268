import { describe, expect, test } from 'vitest'
import { QUOTAS_MAX } from './config-schema.ts'
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
      quotas: new Map(),
      engineId: undefined,
      policies: [],
      alerts: [],
    })
  })

  test('may be empty', () => {
    expect(loadConfig('# nothing yet\n', '/etc/headgate.yaml')).toEqual({
      ok: true,
      sources: [],
      quotas: new Map(),
      engineId: undefined,
      policies: [],
      alerts: [],
    })
  })

  test('names the engine whose data must be there, by its whole id', () => {
    const id = '0d137a78-d11c-4e39-858e-1d9aa1e02036'
    expect(loadConfig(`engine: {id: ${id}}\n`, '/etc/headgate.yaml')).toMatchObject({
      ok: true,
      engineId: id,
    })
    expect(problemsOf('engine: {id: mine}\n')).toEqual([
      expect.stringContaining('an id as headgate'),
    ])
    expect(problemsOf('engine: {}\n')).toEqual([expect.stringContaining('engine.id')])
  })

  test('limits what a namespace holds and takes', () => {
    const text = `quotas:
  team-a: {bytes: 10GiB, bytesPerSecond: 5MiB}
  team-b:
    bytes: 512KiB
  team-c: {}
`
    expect(loadConfig(text, '/etc/headgate.yaml')).toEqual({
      ok: true,
      sources: [],
      quotas: new Map([
        ['team-a', { bytes: 10 * 2 ** 30, bytesPerSecond: 5 * 2 ** 20 }],
        ['team-b', { bytes: 512 * 2 ** 10 }],
        ['team-c', {}],
      ]),
      policies: [],
      alerts: [],
    })
  })

  test('says what is wrong with a quota, where, and what was meant', () => {
    const text = `quotas:
  Team A: {bytes: 1GiB}
  a: {byte: 1GiB}
  b: {bytes: 10GB, bytesPerSecond: 5}
  c: {bytes: 8192TiB}
  d: 1GiB
`
    const loaded = loadConfig(text, '/etc/headgate.yaml')
    const problems = loaded.ok ? [] : loaded.problems
    expect([...problemsOf(text)].sort()).toEqual([
      '2:3 expected a namespace of at most 63 lower-case letters, digits and "-", got "Team A"',
      '3:7 there is no field byte in quotas.a',
      '4:14 expected a size such as 512KiB or 64MiB, got "10GB"',
      '4:36 expected a size such as 512KiB or 64MiB, got the number 5',
      '5:14 expected a size such as 512KiB or 64MiB, got "8192TiB"',
      '6:6 expected a mapping, got "1GiB"',
    ])
    expect(problems.find(({ line }) => line === 3)?.hint).toBe('did you mean bytes?')
  })

  test('takes as many quotas as it may, and not one more', () => {
    const text = (count: number): string =>
      `quotas:\n${Array.from({ length: count }, (_, index) => `  n${index}: {}\n`).join('')}`
    expect(problemsOf(text(QUOTAS_MAX))).toEqual([])
    expect(problemsOf(text(QUOTAS_MAX + 1))).toEqual([
      `2:3 expected at most ${QUOTAS_MAX} fields, got ${QUOTAS_MAX + 1}`,
    ])
  })

  test('refuses by name what is not there yet', () => {
    expect(problemsOf('sources:\n  - name: a\n    git: {url: x}\n')).toEqual([
      '3:5 source type git is not yet available',
    ])
  })

  test('tells unknown fields, missing folders and names that come twice, each at its place', () => {
    const text = `sources:
  - {name: a, directoy: x}
  - {name: b, directory: x}
  - {name: b, directory: y}
`
    expect(problemsOf(text)).toEqual([
      '2:15 there is no field directoy in sources[0]',
      '2:5 expected sources[0].directory, got none',
      '4:12 expected a name of its own, got b a second time',
    ])
  })

  test('knows sources that are posted to, which are applied in whole', () => {
    const loaded = loadConfig(
      'sources:\n  - {name: team, api: {}, grants: {env: [A]}}\n  - {name: api, api: {}}\n',
      '/etc/headgate.yaml',
    )
    const [team, single] = loaded.ok ? loaded.sources : []
    expect(team).toMatchObject({
      type: 'api',
      location: 'api',
      atomic: true,
      grants: { env: ['A'] },
    })
    expect(single).toMatchObject({ name: 'api', type: 'api', atomic: false })
  })

  test('keeps the forms of sources apart', () => {
    const problemOf = (source: string): readonly string[] =>
      problemsOf(`sources: [{${source}}]\n`).map((problem) => problem.replace(/^\S+ /, ''))
    expect(problemOf('name: a, api: {}, directory: x')).toEqual([
      'expected one of directory and api, got both',
    ])
    expect(problemOf('name: api, directory: x')).toEqual([
      'the name api is for what is written object by object through the API',
    ])
    expect(problemOf('name: a, api: {}, atomic: false')).toEqual([
      'a posted set is always applied in whole or not at all',
    ])
    expect(problemOf('name: a, api: {folder: x}')).toHaveLength(1)
  })

  test('says how much absence removes, and after how long', () => {
    const sourceWith = (prune: string) => {
      const text = `sources: [{name: a, directory: x, prune: ${prune}}]\n`
      const loaded = loadConfig(text, '/etc/headgate.yaml')
      return loaded.ok ? loaded.sources[0] : loaded.problems.map(({ message }) => message)
    }
    expect(sourceWith('{budget: {count: 10, share: 0.5}, settle: 5s}')).toMatchObject({
      prune: true,
      pruneBudget: { count: 10, share: 0.5 },
      pruneSettleMs: 5_000,
    })
    expect(sourceWith('{enabled: false, budget: {count: 0}}')).toMatchObject({
      prune: false,
      pruneBudget: { count: 0, share: 0.3 },
    })
    expect(sourceWith('true')).toMatchObject({ prune: true })
    expect(sourceWith('{budget: {share: 1.5}}')).toHaveLength(1)
    expect(sourceWith('{budget: {count: -1}}')).toHaveLength(1)
    expect(sourceWith('{settle: 25h}')).toHaveLength(1)
    expect(sourceWith('sometimes')).toHaveLength(1)
    expect(sourceWith('{bugdet: {}}')).toHaveLength(1)
  })

  test('refuses ambiguous YAML as resources do', () => {
    expect(problemsOf('sources:\n  - {name: a, directory: x, prune: no}\n')).toHaveLength(1)
  })
})
