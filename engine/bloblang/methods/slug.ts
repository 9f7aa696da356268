/** A text as it may stand in a URL that people read. */
import { createRequire } from 'node:module'
import type { MethodDefinition } from '../definition.ts'
import { expectText } from '../values/kind-of.ts'

const require = createRequire(import.meta.url)

/** What languages put in the place of a character before it is transliterated. */
const LANGUAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cs: { '&': 'a', '@': 'zavinac' },
  de: {
    '&': 'und',
    '@': 'an',
    ä: 'ae',
    Ä: 'Ae',
    ö: 'oe',
    Ö: 'Oe',
    ü: 'ue',
    Ü: 'Ue',
    ß: 'ss',
    ẞ: 'SS',
  },
  en: { '&': 'and', '@': 'at' },
  es: { '&': 'y', '@': 'en' },
  fi: { '&': 'ja', '@': 'at' },
  fr: { '&': 'et', '@': 'arobase' },
  hu: { '&': 'es', '@': 'kukac' },
  id: { '&': 'dan' },
  it: { '&': 'e', '@': 'chiocciola' },
  nl: { '&': 'en', '@': 'at' },
  pl: { '&': 'i', '@': 'na' },
  pt: { '&': 'e', '@': 'em' },
  ro: { '&': 'si', '@': 'la' },
  sv: { '&': 'och', '@': 'snabel a' },
  tr: { '&': 've', '@': 'et' },
}

/** Quotes vanish and dashes are dashes, in every language. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  '"': '',
  "'": '',
  '\u2019': '',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2015': '-',
}

function slug(transliterate: (text: string) => string, text: string, language: string): string {
  const known = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : LANGUAGES['en']
  const substituted = Array.from(text.trim(), (character) => {
    if (Object.hasOwn(EVERYWHERE, character)) return EVERYWHERE[character]
    return known !== undefined && Object.hasOwn(known, character) ? known[character] : character
  }).join('')
  return transliterate(substituted)
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^[-_]+|[-_]+$/g, '')
}

export const slugMethods: readonly MethodDefinition[] = [
  {
    name: 'slug',
    category: 'strings',
    status: 'beta',
    description: 'The text in lower case, with nothing in it that a URL would have to escape.',
    parameters: [
      {
        name: 'lang',
        type: 'string',
        description: 'The language of `&` and `@`, as two letters.',
        default: 'en',
      },
    ],
    examples: [
      { mapping: 'root = "Straw & Hay, Ltd.".slug()', output: 'straw-and-hay-ltd' },
      { mapping: 'root = "Größe & d\'Eau".slug("de")', output: 'groesse-und-deau' },
    ],
    build: (site) => {
      const { transliterate } = require('transliteration') as typeof import('transliteration')
      const language = site.string('lang')
      return (target, frame) => slug(transliterate, expectText(target), language(frame))
    },
  },
]
