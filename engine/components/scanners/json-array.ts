/** The elements of one JSON array. */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import { Message } from '../../pipelines/message.ts'
import { jsonValueEnd, skipSpaces } from './json-value-end.ts'
import { type Cut, type CutNext, PartingScanner } from './parting-scanner.ts'
import type { ScannerDefinition, ScanPlace } from './scanner.ts'

export const jsonArray: ScannerDefinition = {
  name: 'json_array',
  summary: 'A message of each element of a JSON array.',
  config: Type.Object({}, { description: 'A message of each element of a JSON array.' }),
  examples: [
    {
      title: 'The elements',
      config: {},
      given: '[{"id":1}, {"id":2}]',
      then: [{ id: 1 }, { id: 2 }],
    },
  ],
  build: () => (place) => new PartingScanner(elementsOf(place)),
}

type Expected = 'start' | 'first' | 'element' | 'separator' | 'nothing'

function elementsOf(place: ScanPlace): CutNext {
  let expected: Expected = 'start'
  return (bytes, ended): Cut | undefined => {
    const at = skipSpaces(bytes, 0)
    const character = at < bytes.length ? String.fromCharCode(bytes[at] ?? 0) : undefined
    if (character === undefined) {
      if (ended && expected !== 'nothing') throw unexpected(expected, 'the end')
      return at === 0 ? undefined : { bytes: at, message: undefined }
    }
    const skipped = { bytes: at + 1, message: undefined }
    if (expected === 'start' && character === '[') {
      expected = 'first'
      return skipped
    }
    if (character === ']' && (expected === 'first' || expected === 'separator')) {
      expected = 'nothing'
      return skipped
    }
    if (expected === 'separator' && character === ',') {
      expected = 'element'
      return skipped
    }
    if (expected !== 'first' && expected !== 'element') throw unexpected(expected, character)
    const end = jsonValueEnd(bytes, at, ended)
    if (end < 0) {
      if (ended) throw unexpected(expected, 'the end')
      return undefined
    }
    expected = 'separator'
    const message = Message.fromBytes(bytes.subarray(at, end), place.metadata)
    message.document()
    return { bytes: end, message }
  }
}

const EXPECTED_TEXTS: Readonly<Record<Expected, string>> = {
  start: '[, for a JSON array',
  first: 'an element or ]',
  element: 'an element',
  separator: ', or ]',
  nothing: 'nothing behind the JSON array',
}

function unexpected(expected: Expected, found: string): HeadgateError {
  return new HeadgateError('InputFailed', `expected ${EXPECTED_TEXTS[expected]}, got ${found}`)
}
