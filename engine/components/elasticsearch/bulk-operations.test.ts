import { expect, it } from 'vitest'
import { Message } from '../../pipelines/message.ts'
import { failureOf, linesOf, type Operation } from './bulk-operations.ts'

const INDEX: Operation = {
  action: 'index',
  index: 'orders',
  id: '1',
  pipeline: '',
  routing: '',
  retryOnConflict: 0,
}

const message = (text: string): Message => Message.fromBytes(Buffer.from(text))

it.each([
  ['index', '{"index":{"_index":"orders","_id":"1"}}', '{"a":1.10}'],
  ['create', '{"create":{"_index":"orders","_id":"1"}}', '{"a":1.10}'],
  ['update', '{"update":{"_index":"orders","_id":"1"}}', '{"doc":{"a":1.10}}'],
  ['upsert', '{"update":{"_index":"orders","_id":"1"}}', '{"doc":{"a":1.10},"doc_as_upsert":true}'],
])('writes the lines of %s', (action, head, document) => {
  expect(linesOf({ ...INDEX, action }, message('{"a":1.10}'))).toEqual([head, document])
})

it('writes no document to delete one', () => {
  const lines = linesOf({ ...INDEX, action: 'delete' }, message('whatever'))
  expect(lines).toEqual(['{"delete":{"_index":"orders","_id":"1"}}'])
})

it('brings a document that spans lines onto one', () => {
  expect(linesOf(INDEX, message('{\n "a": 1\r\n}'))[1]).toBe('{"a":1}')
})

it.each([
  [{ action: 'replace' }, '{}', /expected one of the actions/],
  [{ index: '' }, '{}', /expected an index/],
  [{ action: 'update', id: '' }, '{}', /expected an id/],
  [{}, 'text', /expected a JSON document/],
  [{}, '[1]', /expected a JSON object/],
])('refuses %j with %s', (other, text, reason) => {
  expect(() => linesOf({ ...INDEX, ...other }, message(text))).toThrow(reason)
})

it('tells what may pass from what never will', () => {
  expect(failureOf({ index: { status: 201 } })).toBeUndefined()
  expect(failureOf({ delete: { status: 404 } })).toBeUndefined()
  const error = { type: 'document_parsing_exception', reason: 'no date' }
  expect(failureOf({ index: { status: 400, error } })).toMatchObject({ passes: false })
  expect(failureOf({ index: { status: 400, error } })?.error.message).toBe(
    'Elasticsearch answered 400 to index: document_parsing_exception: no date',
  )
  expect(failureOf({ index: { status: 429, error } })).toMatchObject({ passes: true })
  expect(failureOf({})).toMatchObject({ passes: true })
})
