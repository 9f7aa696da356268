/** The language as a whole: precedence, arithmetic, assignment, branches, failures, and the traps of compatibility. */
import { describe, expect, test } from 'vitest'
import { compileInterpolation, compileMapping, compileQuery } from './bloblang.ts'
import { PROBLEMS_MAX } from './compile/code.ts'
import { FIXED_ENVIRONMENT, runMapping, sourceOf } from './evaluate-for-test.ts'
import { APPLY_DEPTH_MAX } from './frame.ts'
import { RANGE_LENGTH_MAX } from './functions/generation.ts'
import { TEXT_LENGTH_MAX } from './methods/repeat.ts'

describe('operators', () => {
  test.each([
    ['2 + 3 * 4', '14'],
    ['(2 + 3) * 4', '20'],
    ['10 - 4 - 3', '3'],
    ['true || false && false', 'false'],
    ['true || (false && false)', 'true'],
    ['1 + null | 5', '6'],
    ['this.none | 2 * 3', '6'],
    ['1 < 2 == true', 'true'],
    ['2 > 1 == false', 'false'],
    ['-5.abs()', '-5'],
    ['!this.t.not()', 'true'],
    ['7 / 2', '3.5'],
    ['6 / 2', '3'],
    ['7 % 4', '3'],
    ['7.9 % 4.2', '3'],
    ['-7 % 4', '-3'],
    ['1 + 1.5', '2.5'],
    ['9223372036854775807 + 1', '-9223372036854775808'],
    ['9007199254740991 + 2', '9007199254740993'],
    ['3037000500 * 3037000500', '-9223372036709301616'],
    ['"a" + "b"', 'ab'],
    ['"a" + content()', 'a{"t":true,"n":1.0}'],
    ['true == 1', 'true'],
    ['1 == true', 'false'],
    ['1 == 1.0', 'true'],
    ['"1" == 1', 'false'],
    ['this.n == 1', 'true'],
    ['{"a":[1]} == {"a":[1.0]}', 'true'],
    ['"b" > "a"', 'true'],
    ['1 && 2', 'true'],
    ['false && throw("never")', 'false'],
  ])('%s gives %s', (query, output) => {
    expect(runMapping(`root = ${query}`, '{"t":true,"n":1.0}')).toBe(output)
  })

  test.each([
    [
      'this.a + 1',
      'cannot add types string (from field `this.a`) and number (from number literal)',
    ],
    [
      '1 < "a"',
      'cannot compare types number (from number literal) and string (from string literal)',
    ],
    ['null && true', 'expected bool value, got null'],
    ['this.n / 0', 'attempted to divide by zero'],
    ['if "x" { 1 }', 'expected bool value, got string'],
    [
      'this.a.uppercase().floor()',
      'expected number value, got string from method `uppercase` ("X")',
    ],
  ])('%s fails with %s', (query, error) => {
    expect(() => runMapping(`root = ${query}`, '{"a":"x","n":1}')).toThrow(
      `failed assignment (line 1): ${error}`,
    )
  })
})

describe('assignment', () => {
  test.each([
    ['root is never assigned', 'let x = 1', '(unchanged)'],
    ['null is a payload', 'root = null', 'null'],
    ['deleted drops the message', 'root = deleted()', '(deleted)'],
    ['a query alone is the root', 'this.a', '{"b":[1,2]}'],
    [
      'what was made in place is not shared',
      'root.a.k = 1\nroot.b = root.a\nroot.b.k = 2',
      '{"a":{"k":1},"b":{"k":2}}',
    ],
    [
      'nor further below',
      'root.a.c.k = 1\nroot.b = root.a.c\nroot.b.k = 2',
      '{"a":{"c":{"k":1}},"b":{"k":2}}',
    ],
    ['objects are made on the way', 'root.x.y = 1', '{"x":{"y":1}}'],
    ['a bare target is below root', 'x = 1', '{"x":1}'],
    ['quoted names', 'root."a b".c = 1', '{"a b":{"c":1}}'],
    [
      'a copy is not the original',
      'root = this\nroot.a.b = 5\nroot.old = this.a.b',
      '{"a":{"b":5},"old":[1,2]}',
    ],
    [
      'a copy of root stays',
      'root.a = {"k":1}\nroot.b = root.a\nroot.b.k = 2',
      '{"a":{"k":1},"b":{"k":2}}',
    ],
    [
      'a variable keeps what root was',
      'root.a = 1\nlet r = root\nroot.a = 2\nroot.r = $r',
      '{"a":2,"r":{"a":1}}',
    ],
    ['an element of an array', 'root = this.a.b\nroot.1 = 9', '[1,9]'],
    ['array elements by number', 'root = this\nroot.a.b.1 = 9', '{"a":{"b":[1,9]}}'],
    ['appending with a dash', 'root = this\nroot.a.b."-" = 9', '{"a":{"b":[1,2,9]}}'],
    ['deleting an element', 'root = this\nroot.a.b.0 = deleted()', '{"a":{"b":[2]}}'],
    ['deleting what is not there', 'root.a = 1\nroot.x.y = deleted()', '{"a":1}'],
    ['literals leave out deleted and nothing', 'root = [1, deleted(), nothing()]', '[1]'],
    ['an if without else does nothing', 'root.a = 1\nroot.a = if false { 2 }', '{"a":1}'],
    [
      'statements in an if',
      'if this.a.b.length() == 2 {\n  root.two = true\n} else {\n  root.two = false\n}',
      '{"two":true}',
    ],
    ['else if', 'if false {\n root = 1\n} else if true { root = 2 }', '2'],
    ['an if as the whole mapping', 'if true { "x" } else { "y" }', 'x'],
    ['meta as a field', 'root.meta = 1', '{"meta":1}'],
    ['a key called __proto__', 'root.__proto__ = 1', '{"__proto__":1}'],
    [
      'keys of literals may be any text',
      'root = {"__proto__": this.none, "a\\"]: 1, [": this.none, "\\\\": $v | 1}\nlet v = 1',
      '{"\\\\":1,"__proto__":null,"a\\"]: 1, [":null}',
    ],
    [
      'a literal of many keys',
      `root = {${Array.from({ length: 100 }, (_, n) => `"k${n + 100}": this.none`).join(', ')}}`,
      `{${Array.from({ length: 100 }, (_, n) => `"k${n + 100}":null`).join(',')}}`,
    ],
    ['keys are sorted', 'root = {"b":1,"a":2,"10":3,"9":4}', '{"10":3,"9":4,"a":2,"b":1}'],
    ['a string is the payload', 'root = "x"', 'x'],
    ['comments', '# one\nroot = 1 # two\n# three', '1'],
    ['a query over lines', 'root = this.a.\n  b.\n  length() +\n  1', '3'],
    ['carriage returns', 'root.a = 1\r\nroot.b = 2\r\n', '{"a":1,"b":2}'],
  ])('%s', (_, mapping, output) => {
    expect(runMapping(mapping, '{"a":{"b":[1,2]}}')).toBe(output)
  })

  test('below a scalar fails', () => {
    expect(() => runMapping('root.a = 1\nroot.a.b = 2')).toThrow(
      'failed assignment (line 2): unable to set target path a.b as the value of a was a non-object type (number)',
    )
  })

  test('metadata is written with meta, read new with @ and old with metadata()', () => {
    const compiled = compileMapping(
      'meta a = 5\nroot = [@a, metadata("a"), @b]\nmeta b = deleted()',
      FIXED_ENVIRONMENT,
    )
    if (!compiled.ok) throw new Error('does not compile')
    const { root, metadata } = compiled.value.map([sourceOf('{}', { a: 'old', b: 'gone' })], 0)
    expect(root).toEqual([5, 'old', 'gone'])
    expect([...(metadata ?? [])]).toEqual([['a', 5]])
  })
})

test('all metadata is replaced at once, or cleared', () => {
  const metadataOf = (text: string): unknown => {
    const compiled = compileMapping(text, FIXED_ENVIRONMENT)
    if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
    const { metadata } = compiled.value.map([sourceOf('{}', { a: 'old', b: 'gone' })], 0)
    return [...(metadata ?? [])]
  }
  expect(metadataOf('meta = {"a": 1}\nmeta c = @a + 1')).toEqual([
    ['a', 1],
    ['c', 2],
  ])
  expect(metadataOf('meta = deleted()')).toEqual([])
  expect(() => metadataOf('meta = 5')).toThrow(
    'failed assignment (line 1): setting root meta object requires object value, received: number',
  )
})

describe('mutation', () => {
  test.each([
    ['sees its own effects', 'root.a = 2\nroot.b = this.a', '{"a":2,"b":2}'],
    ['leaves the rest', 'root.b = deleted()', '{"a":1}'],
    ['without an assignment nothing changes', 'let x = this.a', '(unchanged)'],
    ['replaces', 'root = "x"', 'x'],
  ])('%s', (_, mapping, output) => {
    expect(runMapping(mapping, '{"a":1,"b":{"c":1}}', 'mutate')).toBe(output)
  })

  test('never touches the document of the message', () => {
    const compiled = compileMapping('root.a.b = 2\nroot.a.c = this', FIXED_ENVIRONMENT)
    if (!compiled.ok) throw new Error('does not compile')
    const source = sourceOf('{"a":{"b":1}}')
    const { root } = compiled.value.mutate([source], 0)
    expect(source.document()).toEqual({ a: { b: 1 } })
    expect(root).toEqual({ a: { b: 2, c: { a: { b: 2 } } } })
  })

  test('does not need JSON when it only writes metadata', () => {
    expect(runMapping('meta a = 1', 'not json', 'mutate')).toBe('(unchanged)')
  })
})

describe('match', () => {
  test.each([
    ['5', 'five'],
    ['5.0', 'five'],
    ['12', 'many'],
    ['"x"', 'text'],
    ['null', 'none'],
    ['[1]', 'other'],
  ])('of %s is %s', (value, output) => {
    const mapping =
      'root = match this.v {\n 5 => "five"\n this.type() == "number" && this > 10 => "many", "x" => "text"\n null => "none"\n _ => "other"\n}'
    expect(runMapping(mapping, `{"v":${value}}`)).toBe(output)
  })

  test('without a subject keeps this, and without a match does nothing', () => {
    expect(runMapping('root.a = match { this.n > 1 => "big" }', '{"n":2}')).toBe('{"a":"big"}')
    expect(runMapping('root = match { this.n > 1 => "big" }', '{"n":0}')).toBe('(unchanged)')
  })
})

describe('contexts', () => {
  test.each([
    ['root = this.a.(b | c)', '{"a":{"c":1},"b":2}', '1'],
    ['root = this.a.(x -> x.c + this.b)', '{"a":{"c":1},"b":2}', '3'],
    ['root = this.l.map_each(x -> this.l.map_each(y -> x * y))', '{"l":[1,2]}', '[[1,2],[2,4]]'],
    ['root = this.l.map_each(this.filter(this > 1))', '{"l":[[1,2],[3]]}', '[[2],[3]]'],
    ['root = this.l.map_each(_ -> this.n)', '{"l":[1,2],"n":0}', '[0,0]'],
    ['let n = 3\nroot = this.l.map_each(this + $n)', '{"l":[1]}', '[4]'],
    [
      'map f {\n let x = this.n\n root.n = $x + 1\n}\nlet x = 9\nroot = this.apply("f")\nroot.x = $x',
      '{"n":1}',
      '{"n":2,"x":9}',
    ],
    ['root = this.n.catch(this).catch(e -> e)', '{"n":1}', '1'],
  ])('%s', (mapping, input, output) => {
    expect(runMapping(mapping, input)).toBe(output)
  })

  test('a map that applies itself for ever fails, and does not crash', () => {
    expect(() => runMapping('map f {\n root = this.apply("f")\n}\nroot = this.apply("f")')).toThrow(
      'levels deep',
    )
  })
})

describe('problems', () => {
  const problems = (text: string): unknown => {
    const compiled = compileMapping(text, FIXED_ENVIRONMENT)
    return compiled.ok
      ? []
      : compiled.problems.map(({ line, column, message, hint }) => [line, column, message, hint])
  }

  test('all of them are found at once, with place and suggestion', () => {
    expect(problems('root.a = this.a.upercase()\nlet count = 1\nroot.ä = 1')).toEqual([
      [3, 6, expect.stringContaining('expected a field name'), undefined],
    ])
    expect(
      problems(
        'root.a = this.a.upercase()\nlet count = 1\nroot.b = "ää" + $cuont + nwo()\nroot.c = this.apply("x").slice()',
      ),
    ).toEqual([
      [1, 17, 'unknown method `upercase`', 'did you mean "uppercase"?'],
      [3, 17, 'variable `cuont` is never set', 'did you mean "count"?'],
      [3, 26, 'unknown function `nwo`', 'did you mean "now"?'],
      [4, 15, 'map `x` is not defined', 'Define it: map x { … }'],
      [4, 26, '`slice` expected 1 to 2 arguments, got 0', 'Its arguments are low, high.'],
    ])
  })

  test.each([
    ['', 1, 1, 'expected at least one statement or a query, got the end of the mapping'],
    ['root = ', 1, 8, 'expected a query, got the end of the mapping'],
    ['root =1', 1, 6, 'expected a space on both sides of `=`'],
    ['root = "abc', 1, 8, 'expected a closing `"`, got the end of the line'],
    ['root = [1, 2', 1, 13, 'expected `,` or `]`, got the end of the mapping'],
    ['root = 5 / 0', 1, 10, 'attempted to divide by zero'],
    ['root = this.a.re_match("(")', 1, 24, 'expected a regular expression in RE2 syntax'],
    [
      'root = this.a.slice("x")',
      1,
      21,
      'argument `low` of `slice` expected integer value, got string',
    ],
    ['root = 1 root = 2', 1, 10, 'expected the end of the line, got `root`'],
    ['$x = 1', 1, 1, 'expected a statement, got `$`'],
    ['import "x"\nroot = 1', 1, 1, 'mapping file "x" cannot be read here'],
    ['root = this.a\n.b', 2, 1, 'expected a statement'],
  ])('of %j are at %i:%i', (text, line, column, message) => {
    const found = compileMapping(text, FIXED_ENVIRONMENT)
    expect(found.ok ? [] : found.problems).toMatchObject([
      { line, column, message: expect.stringContaining(message) },
    ])
  })
})

describe('queries', () => {
  test('a check wants exactly true or false', () => {
    const test = (text: string, content: string): boolean => {
      const compiled = compileQuery(text, FIXED_ENVIRONMENT)
      if (!compiled.ok) throw new Error('does not compile')
      return compiled.value.test([sourceOf(content)], 0)
    }
    expect(test('this.n > 1', '{"n":2}')).toBe(true)
    expect(() => test('this.n', '{"n":2}')).toThrow('expected bool value, got number')
    expect(() => test('deleted()', '{}')).toThrow('expected a value, got deleted()')
  })
})

describe('interpolation', () => {
  const text = (template: string, content = '{"a":"x","n":1234567.5,"o":{"t":"<"}}'): string => {
    const compiled = compileInterpolation(template, FIXED_ENVIRONMENT)
    if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
    return compiled.value.text([sourceOf(content)], 0)
  }

  test.each([
    ['plain', 'plain'],
    ['a ${! this.a } b ${!this.none}', 'a x b null'],
    ['${! 1234567.5 }', '1.2345675e+06'],
    ['${! this.n }', '1.2345675e+06'],
    ['${! this.o }', '{"t":"\\u003c"}'],
    ['${{! this.a }} ${HOME} $x', '${! this.a } ${HOME} $x'],
    ['${! {"a":"}"}.a }', '}'],
    ['${! env("GREETING") }', 'hello'],
  ])('%s', (template, output) => {
    expect(text(template)).toBe(output)
  })

  test('a text without queries is constant, and an open query is a problem', () => {
    const constant = compileInterpolation('x${{! a }}', FIXED_ENVIRONMENT)
    expect(constant.ok && constant.value.constant).toBe('x${! a }')
    expect(() => text('x ${! this.a')).toThrow('expected `}` after the query')
    expect(() => text('${! this.a.floor() }')).toThrow(
      'expected number value, got string from field `this.a` ("x")',
    )
  })
})

describe('limits', () => {
  test('a map is applied as deep as the limit, and no deeper', () => {
    const counting = (depth: number): string =>
      `map f {\n root = if this > 1 { (this - 1).apply("f") } else { "end" }\n}\nroot = ${depth}.apply("f")`
    expect(runMapping(counting(APPLY_DEPTH_MAX))).toBe('end')
    expect(() => runMapping(counting(APPLY_DEPTH_MAX + 1))).toThrow('levels deep')
  })

  test('a range is as long as the limit, and no longer', () => {
    expect(runMapping(`root = range(0, ${RANGE_LENGTH_MAX}).length()`)).toBe(`${RANGE_LENGTH_MAX}`)
    expect(() => runMapping(`root = range(0, ${RANGE_LENGTH_MAX + 1}).length()`)).toThrow(
      'number of elements',
    )
  })

  test('a text is repeated up to the limit, and no further', () => {
    expect(runMapping(`root = "a".repeat(${TEXT_LENGTH_MAX}).length()`)).toBe(`${TEXT_LENGTH_MAX}`)
    expect(() => runMapping(`root = "a".repeat(${TEXT_LENGTH_MAX + 1})`)).toThrow(
      'expected a text of at most',
    )
  })

  test('as many problems as the limit are told, and no more', () => {
    const wrong = (count: number): number => {
      const compiled = compileMapping('a = b()\n'.repeat(count), FIXED_ENVIRONMENT)
      return compiled.ok ? 0 : compiled.problems.length
    }
    expect(wrong(PROBLEMS_MAX)).toBe(PROBLEMS_MAX)
    expect(wrong(PROBLEMS_MAX + 1)).toBe(PROBLEMS_MAX)
  })
})
