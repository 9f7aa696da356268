/**
 * XML as values.
 *
 * An element is a key of its parent's object; one that occurs several times is an array. An attribute is the key `-name`
 * and text beside attributes or elements the key `#text`; an element with nothing but text is that text. Prefixes of name
 * spaces are left out. Comments, instructions and declarations mean nothing.
 */
import { createRequire } from 'node:module'
import { MappingError } from '../mapping-error.ts'
import { makeFloat } from '../values/number.ts'
import { DOCUMENT_DEPTH_MAX } from '../values/parse-document.ts'
import { getKey, setKey } from '../values/set-key.ts'
import type { ObjectValue, Value } from '../values/value.ts'
import { foreign } from './foreign.ts'

const require = createRequire(import.meta.url)

/** What this uses of the package. */
interface Sax {
  parser(strict: true, options: { unquotedAttributeValues: true; position: false }): SaxParser
}

interface SaxParser {
  onopentag: (tag: { name: string; attributes: Readonly<Record<string, string>> }) => void
  onclosetag: () => void
  ontext: (text: string) => void
  oncdata: (text: string) => void
  onerror: (error: Error) => void
  write(text: string): SaxParser
  close(): void
}

interface Element {
  readonly name: string
  readonly members: ObjectValue
  text: string
}

export function parseXml(text: string, cast: boolean): Value {
  const { parser } = require('sax') as Sax
  const root: Element = { name: '', members: {}, text: '' }
  const open: Element[] = [root]
  const sax = parser(true, { unquotedAttributeValues: true, position: false })
  const takeText = (part: string): void => {
    const element = open.at(-1)
    if (element !== undefined) element.text += part
  }
  sax.ontext = takeText
  sax.oncdata = takeText
  sax.onerror = (error) => {
    throw error
  }
  sax.onopentag = ({ name, attributes }) => {
    if (open.length > DOCUMENT_DEPTH_MAX) {
      throw new MappingError(`the document is nested more than ${DOCUMENT_DEPTH_MAX} levels deep`)
    }
    if (open.length === 1 && Object.keys(root.members).length > 0) {
      throw new MappingError('expected an XML document, got more than one root element')
    }
    open.push({ name: localName(name), members: attributeMembers(attributes, cast), text: '' })
  }
  sax.onclosetag = () => {
    const element = open.pop()
    const parent = open.at(-1)
    if (element === undefined || parent === undefined) return
    addMember(parent.members, element.name, elementValue(element, cast))
  }
  foreign('expected an XML document', () => sax.write(text).close())
  if (Object.keys(root.members).length === 0) {
    throw new MappingError('expected an XML document, got no element')
  }
  return root.members
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function attributeMembers(
  attributes: Readonly<Record<string, string>>,
  cast: boolean,
): ObjectValue {
  const members: ObjectValue = {}
  for (const [name, value] of Object.entries(attributes)) {
    setKey(members, `-${localName(name)}`, scalar(value, cast))
  }
  return members
}

/** The second of equal names makes an array. */
function addMember(members: ObjectValue, name: string, value: Value): void {
  const present = getKey(members, name)
  if (present === undefined) setKey(members, name, value)
  else if (Array.isArray(present)) present.push(value)
  else setKey(members, name, [present, value])
}

function elementValue({ members, text }: Element, cast: boolean): Value {
  const content = text.trim()
  if (Object.keys(members).length === 0) return scalar(content, cast)
  if (content !== '') setKey(members, '#text', scalar(content, cast))
  return members
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const BOOLS: Readonly<Record<string, boolean>> = {
  true: true,
  True: true,
  TRUE: true,
  false: false,
  False: false,
  FALSE: false,
}

function scalar(text: string, cast: boolean): Value {
  if (!cast) return text
  if (DECIMAL.test(text) && Number.isFinite(Number(text))) return makeFloat(Number(text))
  return Object.hasOwn(BOOLS, text) ? (BOOLS[text] ?? text) : text
}
