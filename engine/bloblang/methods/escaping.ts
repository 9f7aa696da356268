/** Methods that make a text safe for HTML and URLs, and undo it. */
import { createRequire } from 'node:module'
import type { MethodDefinition } from '../definition.ts'
import { escapeMarkup, percentDecode, percentEncode } from '../formats/escapes.ts'
import { expectText } from '../values/kind-of.ts'

const strings = { category: 'strings', status: 'stable', parameters: [] } as const
const require = createRequire(import.meta.url)

export const escapingMethods: readonly MethodDefinition[] = [
  {
    name: 'escape_html',
    ...strings,
    description: 'The text with `<`, `>`, `&`, and both kinds of quotes as entities.',
    examples: [
      { mapping: 'root = "a < \'b\' & c".escape_html()', output: 'a &lt; &#39;b&#39; &amp; c' },
    ],
    build: () => (target) => escapeMarkup(expectText(target)),
  },
  {
    name: 'unescape_html',
    ...strings,
    description: 'The text with every entity of HTML replaced by what it stands for.',
    examples: [
      { mapping: 'root = "&lt;&aacute;&#225;&xE1;&#xE1;".unescape_html()', output: '<áá&xE1;á' },
    ],
    build: () => {
      const { decodeHTML } = require('entities/decode') as typeof import('entities/decode')
      return (target) => decodeHTML(expectText(target))
    },
  },
  {
    name: 'escape_url_query',
    ...strings,
    description: 'The text as a part of the query of a URL.',
    examples: [{ mapping: 'root = "a & b/ü".escape_url_query()', output: 'a+%26+b%2F%C3%BC' }],
    build: () => (target) =>
      percentEncode(expectText(target), /[^A-Za-z0-9\-_.~]/gu).replaceAll('%20', '+'),
  },
  {
    name: 'unescape_url_query',
    ...strings,
    description: 'The text that a part of the query of a URL stands for.',
    examples: [
      { mapping: 'root = "a+%26+b".unescape_url_query()', output: 'a & b' },
      { mapping: 'root = "50%".unescape_url_query()', error: 'invalid URL escape "%"' },
    ],
    build: () => (target) => percentDecode(expectText(target), true),
  },
  {
    name: 'escape_url_path',
    ...strings,
    description: 'The text as one segment of the path of a URL.',
    examples: [{ mapping: 'root = "a b/c+d".escape_url_path()', output: 'a%20b%2Fc+d' }],
    build: () => (target) => percentEncode(expectText(target), /[^A-Za-z0-9\-_.~$&+=:@]/gu),
  },
  {
    name: 'unescape_url_path',
    ...strings,
    description: 'The text that a segment of the path of a URL stands for.',
    examples: [{ mapping: 'root = "a%20b%2Fc+d".unescape_url_path()', output: 'a b/c+d' }],
    build: () => (target) => percentDecode(expectText(target), false),
  },
]
