import { expect, test } from 'vitest'
import { FUNCTION_NAMES, METHOD_NAMES } from './catalogue-names.ts'
import { completions } from './catalogue-text.ts'

const offered = (label: string, kind: string) =>
  completions().find((each) => each.label === label && each.kind === kind)

test('every name of the catalogue is offered once, with a text of its own', () => {
  const all = completions()
  expect(all).toHaveLength(FUNCTION_NAMES.length + METHOD_NAMES.length)
  for (const { detail, documentation, label } of all) {
    expect(detail.startsWith(`${label}(`)).toBe(true)
    expect(documentation).toContain('```bloblang')
  }
})

test('what must be given has a place, and what may be left out has none', () => {
  expect(offered('replace_all', 'method')?.insertText).toBe('replace_all(${1:old}, ${2:new})')
  expect(offered('uppercase', 'method')?.insertText).toBe('uppercase()')
  expect(offered('trim', 'method')).toMatchObject({
    insertText: 'trim($1)',
    detail: 'trim(cutset?)',
  })
  expect(offered('append', 'method')?.detail).toBe('append(values…)')
})

test('deprecated functions and old names are marked', () => {
  expect(offered('meta', 'function')?.deprecated).toBe(true)
  expect(offered('parse_timestamp', 'method')?.deprecated).toBe(true)
  expect(offered('ts_parse', 'method')?.deprecated).toBeUndefined()
})

test('a text tells the parameters with their defaults, other names, and the examples', () => {
  const documentation = offered('parse_csv', 'method')?.documentation ?? ''
  expect(documentation).toContain('- `delimiter` (string, optional, default `","`): ')
  expect(documentation).toContain('# out: [["a","b"]]')
  expect(offered('replace_all', 'method')?.documentation).toContain('Also: `replace`.')
})
