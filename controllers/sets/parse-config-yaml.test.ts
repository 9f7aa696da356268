import { expect, test } from 'vitest'
import { parseConfigYaml } from './parse-config-yaml.ts'
import { parseYaml } from './parse-yaml.ts'
import { SourceText } from './source-text.ts'
import { locate, plainValue } from './tree.ts'

const variable = (name: string): string => `$\{${name}}`

function parsed(text: string): unknown {
  const { documents, problems } = parseConfigYaml(new SourceText('a.yaml', text))
  const tree = documents[0]?.tree
  return problems.length > 0 || tree === undefined ? problems[0]?.code : plainValue(tree)
}

test('a reference to a variable needs no quotes within braces and brackets', () => {
  for (const [text, value] of [
    [`a: [ ${variable('A')} ]`, { a: ['$' + '{A}'] }],
    [`a: {b: ${variable('N:2')}}`, { a: { b: '$' + '{N:2}' } }],
    [`a: {b: ${variable('N:2')}, c: 1}`, { a: { b: '$' + '{N:2}', c: 1 } }],
    [`a: [${variable('H')}:${variable('P:9092')}, x]`, { a: ['$' + '{H}:$' + '{P:9092}', 'x'] }],
    [`a: [${variable('L:x, [y]')}]`, { a: ['$' + '{L:x, [y]}'] }],
    [`a: [${variable('{X}')}]`, { a: ['$' + '{{X}}'] }],
    [
      `a: [${variable('X|base64decode')}]\nb: "${variable('Y')} #"`,
      {
        a: ['$' + '{X|base64decode}'],
        b: '$' + '{Y} #',
      },
    ],
  ] as const)
    expect(parsed(text)).toEqual(value)
})

test('every piece keeps its place', () => {
  const text = `a: [ ${variable('A:1')}, {b: 7} ]`
  const { documents } = parseConfigYaml(new SourceText('a.yaml', text))
  const tree = documents[0]?.tree
  if (tree === undefined) throw new Error('expected a tree')
  expect(text.slice(locate(tree, ['a', 0], 'value').start)).toMatch(/^\$\{A:1\},/)
  expect(text.slice(locate(tree, ['a', 1, 'b'], 'value').start)).toBe('7} ]')
})

test('what is no config, or is wrong besides, is refused as the YAML that it is not', () => {
  for (const text of [
    `kind: Pipeline\nspec: {a: ${variable('N')}}`,
    `a: [ ${variable('A')}`,
    `a: [ ${variable('A')} ]\n\uE000: 1`,
  ]) {
    const source = new SourceText('a.yaml', text)
    expect(parseConfigYaml(source).problems).toEqual(parseYaml(source).problems)
    expect(parsed(text)).toMatch(/^Yaml/)
  }
})
