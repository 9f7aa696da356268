/** Values as XML, by the rules of `parseXml` the other way round; members are written in order of their names. */
import { MappingError } from '../mapping-error.ts'
import { repeat } from '../methods/repeat.ts'
import { sortedKeys } from '../values/encode-payload.ts'
import { expectObject, isArray, isObject } from '../values/kind-of.ts'
import type { ObjectValue, Value } from '../values/value.ts'
import { valueText } from '../values/value-text.ts'

export interface XmlOptions {
  /** Undefined for one line. */
  readonly indent: string | undefined
  /** The element around all others; without one, an object with a single member is its own root. */
  readonly rootTag: string | undefined
}

const DEFAULT_ROOT = 'doc'

export function formatXml(value: Value, { indent, rootTag }: XmlOptions): string {
  const members = expectObject(value)
  const [only, ...others] = Object.keys(members)
  if (rootTag === undefined && only !== undefined && others.length === 0) {
    const inner = members[only] as Value
    if (!isArray(inner) && !only.startsWith('-') && only !== TEXT) {
      return elements(only, inner, indent, 0).join(newline(indent))
    }
  }
  return elements(rootTag ?? DEFAULT_ROOT, members, indent, 0).join(newline(indent))
}

const TEXT = '#text'

function newline(indent: string | undefined): string {
  return indent === undefined ? '' : '\n'
}

/** An array is as many elements of the same name. */
function elements(
  name: string,
  value: Value,
  indent: string | undefined,
  depth: number,
): readonly string[] {
  if (isArray(value)) return value.flatMap((item) => elements(name, item, indent, depth))
  const before = repeat(indent ?? '', depth)
  const tag = checkName(name)
  if (!isObject(value)) {
    const content = value === null ? '' : escapeXml(valueText(value))
    return [`${before}${content === '' ? `<${tag}/>` : `<${tag}>${content}</${tag}>`}`]
  }
  const { attributes, text, children } = parts(value, indent, depth)
  if (text === '' && children.length === 0) return [`${before}<${tag}${attributes}/>`]
  if (children.length === 0) return [`${before}<${tag}${attributes}>${text}</${tag}>`]
  const line = newline(indent)
  const inner = `${text}${line}${children.join(line)}${line}${before}`
  return [`${before}<${tag}${attributes}>${inner}</${tag}>`]
}

interface Parts {
  readonly attributes: string
  readonly text: string
  readonly children: readonly string[]
}

function parts(value: ObjectValue, indent: string | undefined, depth: number): Parts {
  let attributes = ''
  let text = ''
  const children: string[] = []
  for (const key of sortedKeys(value)) {
    const item = value[key] as Value
    if (key === TEXT) text = escapeXml(valueText(item))
    else if (key.startsWith('-')) {
      attributes += ` ${checkName(key.slice(1))}="${escapeXml(item === null ? '' : valueText(item))}"`
    } else children.push(...elements(key, item, indent, depth + 1))
  }
  return { attributes, text, children }
}

const NAME = /^[\p{L}_][\p{L}\p{M}\p{N}._:-]*$/u

function checkName(name: string): string {
  if (NAME.test(name)) return name
  throw new MappingError(`expected a key that can name an element, got "${name.slice(0, 64)}"`)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** What no XML document may hold at all becomes U+FFFD. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
}
