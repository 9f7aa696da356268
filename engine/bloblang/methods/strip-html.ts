/** Text without its markup. */
import { createRequire } from 'node:module'
import type { MethodDefinition } from '../definition.ts'
import { escapeMarkup } from '../formats/escapes.ts'
import { expectText } from '../values/kind-of.ts'

const require = createRequire(import.meta.url)

/** What is inside of these is no text for people. */
const SKIPPED: ReadonlySet<string> = new Set([
  'frame',
  'frameset',
  'iframe',
  'noembed',
  'noframes',
  'noscript',
  'object',
  'script',
  'style',
  'title',
])

/** Elements that have no end tag. */
const VOID: ReadonlySet<string> = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'track',
  'wbr',
])

type Html = typeof import('htmlparser2')

function stripHtml({ Parser }: Html, text: string, preserved: ReadonlySet<string>): string {
  const parts: string[] = []
  let skipped = 0
  const parser = new Parser(
    {
      onopentag: (name) => {
        if (skipped > 0 || (SKIPPED.has(name) && !preserved.has(name))) {
          if (!VOID.has(name)) skipped++
        } else if (preserved.has(name)) parts.push(`<${name}>`)
      },
      onclosetag: (name, implied) => {
        if (VOID.has(name)) return
        if (skipped > 0) skipped--
        else if (preserved.has(name) && !implied) parts.push(`</${name}>`)
      },
      ontext: (data) => {
        if (skipped === 0) parts.push(escapeMarkup(data))
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  )
  parser.end(text)
  return parts.join('')
}

export const stripHtmlMethods: readonly MethodDefinition[] = [
  {
    name: 'strip_html',
    category: 'strings',
    status: 'stable',
    description:
      'The text without its HTML elements, and without what scripts and styles hold. What is left is escaped.',
    parameters: [
      {
        name: 'preserve',
        type: 'array',
        description: 'The names of elements that stay, without their attributes.',
        optional: true,
      },
    ],
    examples: [
      {
        mapping:
          'root = "<p>the <b>last</b> straw &amp; <script>alert()</script>more</p>".strip_html()',
        output: 'the last straw &amp; more',
      },
      {
        mapping: 'root = "<article id=1><p>the straw</p></article>".strip_html(["article"])',
        output: '<article>the straw</article>',
      },
    ],
    build: (site) => {
      const html = require('htmlparser2') as Html
      const preserve = site.given('preserve') ? site.array('preserve') : undefined
      return (target, frame) => {
        const names = preserve?.(frame).map((name) => expectText(name).toLowerCase()) ?? []
        return stripHtml(html, expectText(target), new Set(names))
      }
    },
  },
]
