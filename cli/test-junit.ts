/** Tests of configs as JUnit XML: a suite for each file. */
import { escaped } from './problems-junit.ts'
import type { TestedFile, TestOutcome } from './test-files.ts'
import { isFailed } from './test-text.ts'

export function testsJunit(files: readonly TestedFile[]): string {
  const all = files.flatMap(({ tests }) => tests)
  const failures = all.filter(isFailed).length
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="headgate test" tests="${all.length}" failures="${failures}">`,
    ...files.flatMap(({ path, tests }) => [
      `  <testsuite name="${escaped(path)}" tests="${tests.length}" failures="${tests.filter(isFailed).length}">`,
      ...tests.map((test) => caseXml(path, test)),
      '  </testsuite>',
    ]),
    '</testsuites>\n',
  ].join('\n')
}

function caseXml(path: string, { name, failures }: TestOutcome): string {
  const head = `    <testcase classname="${escaped(path)}" name="${escaped(name)}"`
  if (failures.length === 0) return `${head}/>`
  const texts = failures.map(({ file, line, column, where, message, details }) => {
    const about = where === '' ? message : `${where}: ${message}`
    const text = [`${file}:${line}:${column}: ${about}`, ...details].join('\n')
    return `      <failure message="${escaped(about)}">${escaped(text)}</failure>`
  })
  return [`${head}>`, ...texts, '    </testcase>'].join('\n')
}
