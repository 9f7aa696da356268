import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NESTING_MAX } from './expressions.ts'
import { FORMAT_WIDTH_MAX } from './format.ts'
import { type AwkHost, CALL_DEPTH_MAX, OUTPUT_LENGTH_MAX, STEPS_MAX } from './machine.ts'
import { PROGRAM_LENGTH_MAX } from './parse.ts'
import { FIELDS_MAX } from './record.ts'
import { compileAwk } from './run.ts'
import { AwkSyntaxError } from './syntax-error.ts'

const host: AwkHost = { functions: {}, random: () => 0.25, seconds: () => 7 }
const run = (program: string, input = ''): string =>
  compileAwk(program, new Set()).run(input, new Map(), host)

const PEOPLE = 'ann 31 oslo\nbob 4 rome\n\ncy 7.5 oslo\n'

/** Each on the same input, compared with the awk of the system. */
const PROGRAMS: readonly string[] = [
  '{ print $1 }',
  'NF',
  '/o/',
  '!/o/',
  '$2 > 5 { print $1, $2 * 2 }',
  '$3 == "oslo" { n++; s += $2 } END { print n, s, s / n }',
  'NR==1, NR==2 { print NR ": " $0 }',
  '/bob/,/cy/',
  '{ $2 = "x"; print; print NF }',
  '{ $5 = "e"; print NF, $0 }',
  '{ NF = 2; print }',
  'BEGIN { OFS = "-" } NF { $1 = $1; print }',
  'BEGIN { FS = "[ o]+" } { print $2 "|" $3 }',
  'BEGIN { RS = "" } { print NR, NF, $1 }',
  'BEGIN { RS = "o" } { print NR ":" $0 }',
  'END { print NR, $0 }',
  'BEGIN { a["x"] = 1; a["y"]; delete a["x"]; print ("x" in a), ("y" in a), length("abc") }',
  'BEGIN { a[1, 2] = 3; for (k in a) { split(k, p, SUBSEP); print p[1], p[2], a[k] } if ((1, 2) in a) print "in" }',
  'BEGIN { for (i = 0; i < 5; i++) { if (i == 1) continue; if (i == 4) break; print i } }',
  'BEGIN { while (i < 3) print i++; do print i--; while (i > 1) }',
  'function f(n) { return n <= 1 ? 1 : n * f(n - 1) } BEGIN { print f(10) }',
  'function fill(a, n,  i) { for (i = 1; i <= n; i++) a[i] = i * i } BEGIN { fill(b, 3); print b[1], b[2], b[3] }',
  'BEGIN { print substr("hello", 2, 3), substr("hello", 0), substr("hello", 4, 9), index("hello", "lo") }',
  'BEGIN { s = "banana"; n = gsub(/an/, "[&]", s); print n, s; sub(/b/, "\\\\&", s); print s }',
  'BEGIN { s = "abc"; gsub(//, "-", s); print s; t = "aaa"; gsub(/x*/, "-", t); print t }',
  'BEGIN { print match("foobar", /o+/), RSTART, RLENGTH; print match("x", /y/), RSTART, RLENGTH }',
  'BEGIN { n = split("a:b:c", p, ":"); print n, p[1] p[3]; print split("", q), split(" a  b ", r), r[1] r[2] }',
  'BEGIN { print toupper("aBc") tolower("AbC") sprintf("%03d|%-5s|%5.2f|%x|%c|%c", 7, "ab", 3.14159, 255, 65, "hey") }',
  'BEGIN { printf "%s %d%%\\n", "x", 12.9; printf("%5s|%-5d|%+d|%e|%g|%G|%o\\n", "a", 3, 4, 12345.678, 0.0001, 1e-10, 8) }',
  'BEGIN { print 1e6, 1e5 * 10, 0.1 + 0.2, 1 / 3, 3.0, -0.5, 2 ^ 10, 7 % 3, -7 % 3 }',
  'BEGIN { print 1 " " 2, 1 + 2 " " 3, -1 " " -1, 2 ^ 3 ^ 2, -2 ^ 2, !0 + 1, 1 - 1 - 1 }',
  'BEGIN { print (1 < 2), ("10" < "9"), (10 < 9), ("a" < "b"), 1 == 1.0, x == 0, x == "" }',
  '{ print ($2 < 10), ($1 < "b") }',
  'BEGIN { print length(), length; print int(3.9), int(-3.9), int("4x"), sqrt(16), exp(0), log(1), sin(0), cos(0), atan2(0, 1) }',
  'NR == 1 { next } { print } END { exit 3; print "no" }',
  'BEGIN { while ((getline line) > 0) n++; print n, line }',
  'NR == 1 { getline; print; getline x; print "x=" x, NR }',
  'BEGIN { CONVFMT = "%.2g"; OFMT = "%.3f"; a = 3.14159; b = a ""; print b, a }',
  'BEGIN { x = y = 3; x += 2; y ^= 2; x -= 1; y /= 3; x *= 2; x %= 5; print x, y, x++ + ++y, x--, --y }',
  'BEGIN { if (1) print "a"; else print "b"\n if (0) print "c"\n else if (1) { print "d" } }',
  'BEGIN { print "a\\tb\\\\c\\"de\\101" }',
  '# a comment\nBEGIN { print 1; # more\n print \\\n 2 }\n\n',
  '$1 ~ "^[ab]" { print } $1 ~ /[]y]/ { print "y" } /[[:digit:]]\\.[0-9]/ { print "dot" }',
  'BEGIN { $0 = "a b c"; print NF, $2; $3 = ""; print; print $(1 + 1) $NF "|" }',
  'NF { print $NF; $NF += 1 } END { print 1==1 ? "yes" : "no" }',
  'BEGIN { a = "x"; a = a a a; print a; print 1>2 ? "t" : "f" }'.replace('1>2', '(1>2)'),
  'BEGIN { print(1)(2); print (1, 2); print (1)(2) }',
  '{ a[$3]++ } END { print a["oslo"], a["rome"], a["none"] + 0 }',
  'BEGIN { printf "%5c|%.3s|%*d\\n", "x", "abcdef", 4, 7; print 010 + 0, "1e2" + 0, ".5." + 0 }',
]

describe('a program prints what the awk of the system prints', () => {
  test.each(PROGRAMS)('%s', (program) => {
    const { stdout } = spawnSync('awk', [program], { input: PEOPLE, encoding: 'utf8' })
    expect(run(program, PEOPLE)).toBe(stdout)
  })
})

describe('awk', () => {
  // Where the awks of systems differ from POSIX or from one another.
  test.each([
    [
      'BEGIN { print substr("hello", -1, 3), 100000 * 100000, "d\\/e", "0x10" + 0 }',
      'h 10000000000 d/e 0\n',
    ],
    ['BEGIN { $0 = "a 5"; $NF--; print; exit } END { print "end" }', 'a 4\nend\n'],
  ])('%s', (program, expected) => {
    expect(run(program)).toBe(expected)
  })

  test('counts characters, and not their halves', () => {
    expect(
      run('{ print length($0), substr($0, 2, 1), index($0, "b"), match($0, "b") }', '😀é😀b'),
    ).toBe('4 é 4 4\n')
  })

  test('repeats what follows a seed, and takes chance from outside before', () => {
    const program =
      'BEGIN { print rand(); print srand(3), (a = rand()) < 1; srand(3); print a == rand(), srand() }'
    expect(run(program)).toBe('0.25\n0 1\n1 3\n')
  })

  test.each([
    ['BEGIN { system("ls") }', 'line 1 column 9: system is not there'],
    ['{ print > "f" }', 'line 1 column 9: files and pipes are not there'],
    ['{ print | "f" }', 'files and pipes are not there'],
    ['{ "ls" | getline }', 'pipes are not there'],
    ['{ getline < "f" }', 'files are not there'],
    ['\n{ close("f") }', 'line 2 column 3: close is not there'],
    ['{ f(1) }', 'line 1 column 3: there is no function f'],
    ['{ print 1', 'expected }'],
    ['/[/ { }', 'regular expression'],
    ['BEGIN { break }', 'in a loop'],
    ['BEGIN { return }', 'in a function'],
  ])('refuses %s', (program, reason) => {
    expect(() => run(program)).toThrow(AwkSyntaxError)
    expect(() => run(program)).toThrow(reason)
  })

  test.each([
    ['BEGIN { while (1) ; }', `more than ${STEPS_MAX} steps`],
    ['BEGIN { s = "x"; while (1) s = s s }', `longer than ${OUTPUT_LENGTH_MAX}`],
    ['BEGIN { s = sprintf("%60000s", ""); while (1) print s }', 'more than'],
    ['function f() { f() } BEGIN { f() }', `more than ${CALL_DEPTH_MAX} deep`],
    [`BEGIN { $${FIELDS_MAX + 1} = 1 }`, `from 0 to ${FIELDS_MAX}`],
    [`BEGIN { printf "%${FORMAT_WIDTH_MAX + 1}d", 1 }`, `up to ${FORMAT_WIDTH_MAX}`],
    ['BEGIN { print 1 / 0 }', 'divide by zero'],
    ['BEGIN { print $(-1) }', 'a field from 0 on'],
    ['BEGIN { a[1] = 1; a = 2 }', 'to be no array'],
    ['function f() { next } BEGIN { f() }', 'next in a rule'],
  ])('ends %s', (program, reason) => {
    expect(() => run(program)).toThrow(reason)
  })

  test('goes as far as its limits', () => {
    const nested = (levels: number) => `BEGIN { x = ${'('.repeat(levels)}1${')'.repeat(levels)} }`
    expect(() => run(nested(NESTING_MAX - 3))).not.toThrow()
    expect(() => run(nested(NESTING_MAX))).toThrow(`${NESTING_MAX} levels`)
    expect(run(`BEGIN { $${FIELDS_MAX} = 1; print NF }`)).toBe(`${FIELDS_MAX}\n`)
    expect(run(`BEGIN { printf "%${FORMAT_WIDTH_MAX}d", 1 }`)).toHaveLength(FORMAT_WIDTH_MAX)
    const deep = (calls: number) =>
      `function f(n) { return n < 2 ? 1 : 1 + f(n - 1) } BEGIN { print f(${calls}) }`
    expect(run(deep(CALL_DEPTH_MAX))).toBe(`${CALL_DEPTH_MAX}\n`)
    expect(() => run(deep(CALL_DEPTH_MAX + 1))).toThrow('deep')
    expect(run('#'.repeat(PROGRAM_LENGTH_MAX))).toBe('')
    expect(() => run('#'.repeat(PROGRAM_LENGTH_MAX + 1))).toThrow('characters')
    expect(run('{ printf "%s", $0 }', 'x'.repeat(OUTPUT_LENGTH_MAX / 2))).toHaveLength(
      OUTPUT_LENGTH_MAX / 2,
    )
  })

  test('reads any text as a program, or says that it is none', () => {
    const words = [
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      'a',
      '$',
      '1',
      '"x"',
      '/',
      '/a/',
      'print',
      'if',
      'else',
      'for',
      'in',
      ';',
      '\n',
      '=',
      '+',
      '++',
      '!',
      '~',
      'getline',
      'length',
      'sub',
      ',',
      'f(',
      'function',
      'BEGIN',
      'while',
      '?',
      ':',
      '^',
      '\\',
      'delete',
      'return',
      'exit',
      'split(',
    ]
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words), { maxLength: 25 }).map((some) => some.join(' ')),
    )
    fc.assert(
      fc.property(text, (program) => {
        try {
          compileAwk(program, new Set())
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AwkSyntaxError)
        }
      }),
      { numRuns: 3000 },
    )
  })
})
