import { describe, expect, test } from 'vitest'
import { problemText } from '../sets/problem-text.ts'
import { POLICIES_MAX } from './config-schema.ts'
import { loadConfig } from './load-config.ts'

const load = (policies: string) => loadConfig(`policies:\n${policies}`, '/etc/headgate.yaml')
const problemsOf = (policies: string): readonly string[] => {
  const loaded = load(policies)
  return loaded.ok
    ? []
    : loaded.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

describe('policies of headgate.yaml', () => {
  test('are rules over changes, and windows for what removes or loses something', () => {
    const loaded = load(`
  - name: nights
    rule: 'actions.all(a, a.risk != "data-loss" || now.getHours("UTC") < 6)'
    message: Data goes at night only.
  - name: weekdays
    windows:
      - {days: [Mon, Tue], from: "22:00", to: "06:00", timeZone: Europe/Berlin}
      - {from: "00:00", to: "24:00"}
`)
    expect(loaded.ok && loaded.policies.map(({ name }) => name)).toEqual(['nights', 'weekdays'])
  })

  test('are refused where the mistake stands, with what was meant', () => {
    const loaded = load(`  - name: a
    rule: |
      actions.all(a,
        a.rsik != "data-loss")
`)
    const problem = loaded.ok ? undefined : loaded.problems[0]
    expect(problem).toMatchObject({ line: 5, column: 11 })
    const text = `policies:\n  - name: a\n    rule: |\n      actions.all(a,\n        a.rsik != "data-loss")\n`
    expect(problem && problemText(problem, text)).toContain('^')
  })

  test('are refused that read nothing, ask for what is no truth value, or misspell a word', () => {
    const rule = (text: string) => problemsOf(`  - {name: a, rule: '${text}'}\n`)
    expect(rule('actions.all(a, ')).toHaveLength(1)
    expect(rule('size(actions)')).toEqual(['2:22 expected a rule that is true or false, got int'])
    expect(rule('plan.size() > 1')[0]).toContain('plan')
    for (const text of [
      'actions.all(a, a.risk != "dataloss")',
      'actions.all(a, "dataloss" != a.risk)',
      'actions.exists(a, a.verb in ["create", "remove"])',
      'actions.all(a, a.kind == "stream")',
    ])
      expect(rule(text)[0]).toContain('there is no')
    expect(rule('actions.all(a, a.name != "dataloss")')).toEqual([])
  })

  test('have a name of their own, and either a rule or windows', () => {
    expect(
      problemsOf(`  - {name: a, rule: 'true'}
  - {name: a, rule: 'true'}
  - {name: b}
  - {name: c, rule: 'true', windows: [{from: "01:00", to: "02:00"}]}
  - {rule: 'true'}
`),
    ).toEqual([
      expect.stringContaining('6:5 expected policies[4].name'),
      expect.stringContaining('3:12 expected a name of its own'),
      expect.stringContaining('4:5 expected either a rule or windows, got neither'),
      expect.stringContaining('5:5 expected either a rule or windows, got both'),
    ])
  })

  test('have windows that begin, end and are somewhere', () => {
    const window = (text: string) => problemsOf(`  - {name: a, windows: [{${text}}]}\n`)
    expect(window('from: "25:00", to: "06:00"')[0]).toContain('a time of day such as 06:30')
    expect(window('from: "06:00"')[0]).toContain('to')
    expect(window('from: "06:00", to: "06:00"')[0]).toContain('another time')
    expect(window('from: "06:00", to: "07:00", timeZone: Mars/North')[0]).toContain('Europe/Berlin')
    expect(window('days: [Someday], from: "06:00", to: "07:00"')).toHaveLength(1)
    expect(window('days: [], from: "06:00", to: "07:00"')).toHaveLength(1)
  })

  test('are as many as they may be, and not one more', () => {
    const many = (count: number) =>
      problemsOf(
        Array.from({ length: count }, (_, n) => `  - {name: p${n}, rule: 'true'}\n`).join(''),
      )
    expect(many(POLICIES_MAX)).toEqual([])
    expect(many(POLICIES_MAX + 1)).toHaveLength(1)
  })
})
