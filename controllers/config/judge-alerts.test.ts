import { describe, expect, test } from 'vitest'
import { ALERT_DESTINATIONS_MAX, ALERT_EVENT_NAMES } from './judge-alerts.ts'
import { loadConfig } from './load-config.ts'

function problemsOf(text: string): readonly string[] {
  const loaded = loadConfig(text, '/etc/headgate.yaml')
  if (loaded.ok) return []
  return loaded.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

describe('alerts in headgate.yaml', () => {
  test('name an address and what it is told of, which is everything where it is not said', () => {
    const text = `alerts:
  - {url: 'https://alerts.example.com/a', events: [PruneBlocked]}
  - {url: 'http://127.0.0.1:9000/'}
`
    const loaded = loadConfig(text, '/etc/headgate.yaml')
    expect(loaded.ok ? loaded.alerts : loaded.problems).toEqual([
      { url: 'https://alerts.example.com/a', events: ['PruneBlocked'] },
      { url: 'http://127.0.0.1:9000/', events: ALERT_EVENT_NAMES },
    ])
  })

  test('are refused with an event that there is not, and with an address that is none', () => {
    const text = `alerts:
  - {url: 'https://alerts.example.com', events: [Stale]}
  - {url: 'file:///canary', events: [Stalled]}
  - {events: [Stalled]}
`
    const problems = [...problemsOf(text)].sort()
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual(['2:50', '3:11', '4:5'])
    expect(problems[1]).toContain('expected an address that begins with http:// or https://')
    expect(problems.join('')).not.toContain('canary')
  })

  test('go to as many addresses as they may, and not to one more', () => {
    const text = (count: number): string =>
      `alerts:\n${Array.from({ length: count }, (_, index) => `  - url: http://h/${index}\n`).join('')}`
    expect(problemsOf(text(ALERT_DESTINATIONS_MAX))).toEqual([])
    expect(problemsOf(text(ALERT_DESTINATIONS_MAX + 1))).toHaveLength(1)
  })
})

describe('drift in headgate.yaml', () => {
  test('is reverted or reported, as each source says', () => {
    const text = 'sources: [{name: a, directory: a, drift: report}, {name: b, directory: b}]\n'
    const loaded = loadConfig(text, '/etc/headgate.yaml')
    const sources = loaded.ok ? loaded.sources : []
    expect(sources.map(({ drift }) => drift)).toEqual(['report', undefined])
    expect(problemsOf('sources: [{name: a, directory: a, drift: ignore}]\n')).toHaveLength(1)
  })
})
