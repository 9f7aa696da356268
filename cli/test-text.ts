/** How tests of configs went, for people: a line for each file, and for each test that failed what differs and where. */
import { counted } from './amounts.ts'
import type { Terminal } from './terminal.ts'
import type { OutcomeFailure, TestedFile, TestOutcome } from './test-files.ts'

export function testsText(files: readonly TestedFile[], paint: Terminal['paint']): string {
  return files.map((file) => fileText(file, paint)).join('')
}

/** `3 tests in 2 files: 1 failed` */
export function countsText(files: readonly TestedFile[]): string {
  const tests = files.flatMap((file) => file.tests)
  const failed = tests.filter(isFailed).length
  const verdict = failed === 0 ? 'all passed' : `${failed} failed`
  return `${counted(tests.length, 'test')} in ${counted(files.length, 'file')}: ${verdict}`
}

export function isFailed({ failures }: TestOutcome): boolean {
  return failures.length > 0
}

function fileText({ path, tests }: TestedFile, paint: Terminal['paint']): string {
  const failed = tests.filter(isFailed)
  if (failed.length === 0) {
    return `${paint('green', '✓')} ${path}: ${counted(tests.length, 'test')}\n`
  }
  const head = `${paint('red', '✗')} ${path}: ${failed.length} of ${counted(tests.length, 'test')} failed\n`
  return [head, ...failed.map((test) => testText(test, paint))].join('')
}

function testText({ name, failures }: TestOutcome, paint: Terminal['paint']): string {
  return [`  ${paint('red', '✗')} ${name}\n`, ...failures.map(failureText)].join('')
}

function failureText({ file, line, column, where, message, details }: OutcomeFailure): string {
  const about = where === '' ? '' : `${where}: `
  return [
    `      ${file}:${line}:${column}: ${about}${message}\n`,
    ...details.map((detail) => `        ${detail}\n`),
  ].join('')
}
