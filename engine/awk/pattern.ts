/** Regular expressions of awk in the syntax of RE2: what differs is a class in brackets. */
import { compileRegexp, type Regexp } from '../bloblang/regexp/regexp.ts'

export function compilePattern(pattern: string): Regexp {
  return compileRegexp(`(?s)${translate(pattern)}`)
}

/** In brackets a first `]` is itself, and so is a `[` that begins no class. */
function translate(pattern: string): string {
  let written = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string
    if (character === '\\') {
      at++
      written += escaped(pattern[at])
    } else if (character === '[') {
      const end = bracketEnd(pattern, at)
      if (end === -1) return `${written}${pattern.slice(at)}`
      written += bracket(pattern.slice(at + 1, end))
      at = end
    } else written += character
  }
  return written
}

function escaped(character: string | undefined): string {
  if (character === undefined) return '\\\\'
  return character === '"' || character === '/' || character === '&' ? character : `\\${character}`
}

function bracketEnd(pattern: string, start: number): number {
  let at = start + 1
  if (pattern[at] === '^') at++
  if (pattern[at] === ']') at++
  while (at < pattern.length && pattern[at] !== ']') {
    if (pattern[at] === '\\') at++
    else if (pattern.startsWith('[:', at)) {
      const close = pattern.indexOf(':]', at + 2)
      if (close !== -1) at = close + 1
    }
    at++
  }
  return at < pattern.length ? at : -1
}

function bracket(inside: string): string {
  const negated = inside.startsWith('^')
  let written = ''
  for (let at = negated ? 1 : 0; at < inside.length; at++) {
    const character = inside[at] as string
    const close = inside.startsWith('[:', at) ? inside.indexOf(':]', at + 2) : -1
    if (close !== -1) {
      written += inside.slice(at, close + 2)
      at = close + 1
    } else if (character === '\\') {
      at++
      written += escaped(inside[at])
    } else written += '[]^&~'.includes(character) ? `\\${character}` : character
  }
  return `[${negated ? '^' : ''}${written}]`
}
