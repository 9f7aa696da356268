import { expect, test } from 'vitest'
import { readyOf } from './pipeline-reconciler.ts'

const state = { digest: 'a' }
const resource = { digest: 'a' }
const note = 'processor typescript: clean.ts:3:1: Expression expected'

test('a pipeline whose saved module does not load runs, and is not held up', () => {
  expect(readyOf(state, { message: undefined, note }, resource)).toMatchObject({
    status: 'True',
    reason: 'NotReloaded',
    message: `It runs. A change was not taken over: ${note}`,
  })
})

test('what holds a pipeline up is said before what does not', () => {
  expect(readyOf(state, { message: 'rejected: away', note }, resource)).toMatchObject({
    reason: 'Retrying',
    message: 'It runs, but is held up: rejected: away',
  })
  expect(readyOf(state, { message: undefined }, resource)).toMatchObject({ reason: 'Running' })
})
