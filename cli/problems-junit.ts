/** Problems as JUnit XML: a suite for each file, a failed test for each error, one that passes for a file without any. */
import type { Problem } from '../controllers/sets/problem.ts'
import { sentence } from './problems-sarif.ts'

/** `files` are all that were read: those without a problem count as passed. */
export function junitText(problems: readonly Problem[], files: readonly string[]): string {
  const names = [...new Set([...files, ...problems.map(({ file }) => file)])].sort()
  const byFile = Map.groupBy(problems, ({ file }) => file)
  const suites = names.map((file) => suite(file, byFile.get(file) ?? []))
  const tests = suites.reduce((sum, one) => sum + one.tests, 0)
  const failures = suites.reduce((sum, one) => sum + one.failures, 0)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="headgate validate" tests="${tests}" failures="${failures}">`,
    ...suites.map(({ xml }) => xml),
    '</testsuites>\n',
  ].join('\n')
}

interface Suite {
  readonly tests: number
  readonly failures: number
  readonly xml: string
}

function suite(file: string, problems: readonly Problem[]): Suite {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const warnings = problems.filter(({ severity }) => severity === 'warning')
  const tests = Math.max(1, errors.length)
  const cases =
    errors.length === 0
      ? [`    <testcase classname="${escaped(file)}" name="is valid"/>`]
      : errors.map(failedCase)
  const said = warnings.map((warning) => `${place(warning)}: warning: ${sentence(warning)}\n`)
  return {
    tests,
    failures: errors.length,
    xml: [
      `  <testsuite name="${escaped(file)}" tests="${tests}" failures="${errors.length}">`,
      ...cases,
      ...(said.length === 0 ? [] : [`    <system-out>${escaped(said.join(''))}</system-out>`]),
      '  </testsuite>',
    ].join('\n'),
  }
}

function failedCase(problem: Problem): string {
  const { file, line, column, code, message } = problem
  const name = `${code} at ${line}:${column}`
  const text = `${place(problem)}: ${sentence(problem)}`
  return [
    `    <testcase classname="${escaped(file)}" name="${escaped(name)}">`,
    `      <failure type="${code}" message="${escaped(message)}">${escaped(text)}</failure>`,
    '    </testcase>',
  ].join('\n')
}

function place({ file, line, column }: Problem): string {
  return `${file}:${line}:${column}`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
}

/** XML 1.0 has no way to write most control characters, nor half of a surrogate pair. */
export function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\P{Cc}\n\t]|[\uFFFE\uFFFF]/gu, '\uFFFD')
    .replace(/[&<>"\n\t]/g, (character) => ENTITIES[character] ?? character)
}
