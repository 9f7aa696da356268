import { describe, expect, test } from 'vitest'
import type { Member } from '../sets/resource-set.ts'
import { declare } from '../testing.ts'
import { type ChangePolicy, rulePolicy, windowPolicy } from './change-policy.ts'
import { compileRule } from './change-rule.ts'
import { type ChangeWindow, isWithin } from './change-windows.ts'
import { existing, linesOf, NOW_US, planOf } from './testing.ts'

const rule = (text: string, message?: string): ChangePolicy => {
  const compiled = compileRule(text)
  if (!compiled.ok) throw new Error(compiled.message)
  return rulePolicy('p', compiled.rule, message)
}
const under = (...changes: readonly ChangePolicy[]) => ({ policy: { changes } })

const gone = declare('Stream', 'gone', { deletionPolicy: 'Delete' })
const reader = declare('Pipeline', 'reader', { reads: 'gone' })
const other = declare('Stream', 'other')
const fresh = declare('Stream', 'fresh')
const labelled = (member: Member, labels: Record<string, string>): Member =>
  member.state === 'valid' ? { ...member, resource: { ...member.resource, labels } } : member

describe('a rule', () => {
  const noLoss = rule('actions.all(a, a.risk != "data-loss")', 'Ask the data team')

  test('blocks what breaks it alone, names itself, and lets the rest go on', () => {
    const resources = [existing(gone), existing(other)]
    const plan = planOf([other, fresh], resources, under(noLoss))
    expect(linesOf(plan)).toEqual([
      'create Stream/default/fresh',
      'blocked(Policy) delete Stream/default/gone',
    ])
    expect(plan.actions[1]).toMatchObject({
      reason: 'Policy p does not allow it: Ask the data team.',
      cost: { records: 100 },
    })
  })

  test('that holds for each alone, and not for all, blocks all of them', () => {
    const few = rule('actions.size() < 3')
    const three = ['a', 'b', 'c'].map((name) => declare('Stream', name))
    expect(planOf(three, [], under(few)).actions.map(({ blockedBy }) => blockedBy)).toEqual(
      Array(3).fill('Policy'),
    )
    expect(planOf(three.slice(1), [], under(few)).actions).toHaveLength(2)
    expect(linesOf(planOf(three.slice(1), [], under(few)))[0]).toBe('create Stream/default/b')
  })

  test('keeps what a blocked removal still uses, and what needs a blocked creation', () => {
    const keepPipelines = rule('!actions.exists(a, a.verb == "delete" && a.kind == "Pipeline")')
    const going = planOf(
      [other],
      [existing(gone), existing(reader), existing(other)],
      under(keepPipelines),
    )
    expect(linesOf(going)).toEqual([
      'blocked(Policy) delete Pipeline/default/reader',
      'blocked(DependencyNotReady) delete Stream/default/gone',
    ])
    const noStreams = rule('actions.all(a, a.verb != "create" || a.kind != "Stream")')
    expect(linesOf(planOf([gone, reader], [], under(noStreams)))).toEqual([
      'blocked(Policy) create Stream/default/gone',
      'blocked(DependencyNotReady) create Pipeline/default/reader',
    ])
  })

  test('sees labels of what goes, changed fields, costs and consumers', () => {
    const gold = labelled(gone, { tier: 'gold' })
    const resources = [existing(gold), existing(other)]
    const blocks = (text: string) =>
      planOf([other], resources, {
        ...under(rule(text)),
        consumersOf: () => [{ group: 'late', behind: 5 }],
      }).actions[0]?.blockedBy
    expect(blocks('actions.all(a, !has(a.labels.tier) || a.labels.tier != "gold")')).toBe('Policy')
    expect(blocks('actions.all(a, a.cost.records <= 99)')).toBe('Policy')
    expect(blocks('actions.all(a, a.cost.records <= 100)')).toBe(undefined)
    expect(blocks('actions.all(a, a.cost.consumers.all(c, c.behind == 0))')).toBe('Policy')
    expect(blocks('source == "local"')).toBe(undefined)
    const wider = declare('Stream', 'other', { shards: 2 })
    const shards = rule('actions.all(a, a.changes.all(c, c.path != "spec.shards"))')
    expect(planOf([wider], [existing(other)], under(shards)).actions[0]?.blockedBy).toBe('Policy')
  })

  test('that cannot be evaluated lets nothing through, and says so', () => {
    const broken = rule('actions.all(a, a.labels["team"] == "x")')
    const plan = planOf([fresh], [], under(broken))
    expect(linesOf(plan)).toEqual(['blocked(Policy) create Stream/default/fresh'])
    expect(plan.actions[0]?.reason).toMatch(
      /^Policy p could not be evaluated, so nothing is carried out: No such key: team/,
    )
    const zone = rule('now.getHours("Mars/North") < 6')
    expect(planOf([fresh], [], under(zone)).actions[0]?.blockedBy).toBe('Policy')
  })

  test('may ask for the time', () => {
    const now = (hours: string) => planOf([fresh], [], under(rule(`now.getHours("UTC") ${hours}`)))
    expect(now('== 0').actions[0]?.verb).toBe('create')
    expect(now('> 0').actions[0]?.verb).toBe('blocked')
  })

  test('is asked about nothing where nothing is to be done', () => {
    expect(planOf([other], [existing(other)], under(rule('false'))).actions).toEqual([])
  })
})

describe('windows', () => {
  const at = (text: string): number => Date.parse(text) * 1_000
  const night: ChangeWindow = {
    days: ['Fri'],
    from: '22:00',
    to: '06:00',
    timeZone: 'Europe/Berlin',
  }

  test('hold what removes or loses something until they open, and nothing else', () => {
    const closed = windowPolicy('nights', [{ ...night, days: ['Mon'] }], 'The on-call is there')
    const plan = planOf([other, fresh], [existing(gone), existing(other)], under(closed))
    expect(linesOf(plan)).toEqual([
      'create Stream/default/fresh',
      'blocked(Policy) delete Stream/default/gone',
    ])
    expect(plan.actions[1]?.reason).toBe(
      'Policy nights lets resources and data go only Mon 22:00–06:00 (Europe/Berlin). The on-call is there.',
    )
    const open = windowPolicy(
      'nights',
      [night, { days: undefined, from: '00:00', to: '24:00', timeZone: 'UTC' }],
      undefined,
    )
    expect(
      open.refusals({ source: 'a', actions: plan.actions, labelsOf: () => ({}), nowUs: NOW_US }),
    ).toEqual([])
  })

  test.each([
    // 2026-01-02 is a Friday; Berlin is an hour ahead of UTC then, and two in summer.
    ['2026-01-02T20:59:59Z', false],
    ['2026-01-02T21:00:00Z', true],
    ['2026-01-03T04:59:59Z', true],
    ['2026-01-03T05:00:00Z', false],
    ['2026-01-03T21:00:00Z', false],
    ['2026-07-03T20:00:00Z', true],
    ['2026-07-04T04:00:00Z', false],
  ])('that run over midnight: at %s it is %s', (when, open) => {
    expect(isWithin(night, at(when))).toBe(open)
  })

  test('end before they are over, and last a day where they say so', () => {
    const hour: ChangeWindow = { days: undefined, from: '10:00', to: '11:00', timeZone: 'UTC' }
    expect(isWithin(hour, at('2026-01-01T10:00:00Z'))).toBe(true)
    expect(isWithin(hour, at('2026-01-01T11:00:00Z'))).toBe(false)
    const day: ChangeWindow = { days: ['Thu'], from: '00:00', to: '24:00', timeZone: 'UTC' }
    expect(isWithin(day, at('2026-01-01T23:59:59Z'))).toBe(true)
    expect(isWithin(day, at('2026-01-02T00:00:00Z'))).toBe(false)
  })
})
