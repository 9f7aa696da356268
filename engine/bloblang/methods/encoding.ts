/** Methods that write bytes as text, and read them back. */
import type { MethodDefinition } from '../definition.ts'
import { decodeAscii85, decodeZ85, encodeAscii85, encodeZ85 } from '../formats/base85.ts'
import { MappingError } from '../mapping-error.ts'
import { expectBytes } from './expect-bytes.ts'

const encoding = { category: 'encoding', status: 'stable' } as const

interface Scheme {
  readonly encode: (bytes: Buffer) => string
  readonly decode: (text: string) => Buffer
}

/** Node's own decoders skip what they do not know; here the whole text must have the form. */
function strict(
  name: string,
  form: RegExp,
  encode: (bytes: Buffer) => string,
  decode: (text: string) => Buffer,
): Scheme {
  return {
    encode,
    decode: (text) => {
      const compact = name === 'hex' ? text : text.replace(/[\r\n]/g, '')
      if (!form.test(compact)) throw new MappingError(`expected ${name} text, got something else`)
      return decode(compact)
    },
  }
}

const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64')

const SCHEMES: Readonly<Record<string, Scheme>> = {
  base64: strict(
    'base64',
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
    (bytes) => bytes.toString('base64'),
    fromBase64,
  ),
  base64url: strict(
    'base64url',
    /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=)?$/,
    (bytes) => bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
    fromBase64,
  ),
  base64rawurl: strict(
    'base64rawurl',
    /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?$/,
    (bytes) => bytes.toString('base64url'),
    fromBase64,
  ),
  hex: strict(
    'hex',
    /^(?:[0-9a-fA-F]{2})*$/,
    (bytes) => bytes.toString('hex'),
    (text) => Buffer.from(text, 'hex'),
  ),
  ascii85: { encode: encodeAscii85, decode: decodeAscii85 },
  z85: { encode: encodeZ85, decode: decodeZ85 },
}

function schemeOf(name: string): Scheme {
  const scheme = Object.hasOwn(SCHEMES, name) ? SCHEMES[name] : undefined
  if (scheme !== undefined) return scheme
  throw new MappingError(
    `unknown encoding scheme "${name.slice(0, 64)}", expected ${Object.keys(SCHEMES).join(', ')}`,
    true,
  )
}

export const encodingMethods: readonly MethodDefinition[] = [
  {
    name: 'encode',
    ...encoding,
    description: 'The bytes as text: base64, base64url, base64rawurl, hex, ascii85 or z85.',
    parameters: [{ name: 'scheme', type: 'string', description: 'How to encode.' }],
    examples: [
      { mapping: 'root = "hello??".encode("base64")', output: 'aGVsbG8/Pw==' },
      { mapping: 'root = "hello??".encode("base64url")', output: 'aGVsbG8_Pw==' },
      { mapping: 'root = "hi".encode("hex")', output: '6869' },
      { mapping: 'root = "hi".encode("rot13")', error: 'unknown encoding scheme' },
    ],
    build: (site) => {
      const scheme = site.derived('scheme', schemeOf)
      return (target, frame) => scheme(frame).encode(expectBytes(target))
    },
  },
  {
    name: 'decode',
    ...encoding,
    description: 'The bytes that a text stands for.',
    parameters: [{ name: 'scheme', type: 'string', description: 'How it is encoded.' }],
    examples: [
      { mapping: 'root = "aGVsbG8/Pw==".decode("base64")', output: 'hello??' },
      { mapping: 'root = "6".decode("hex")', error: 'expected hex text' },
    ],
    build: (site) => {
      const scheme = site.derived('scheme', schemeOf)
      return (target, frame) => scheme(frame).decode(expectBytes(target).toString('latin1'))
    },
  },
]
