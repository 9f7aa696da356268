/**
 * What `.ci/run` runs after the install: the README's test command and every check, and then one last line with the
 * count that the test runner itself wrote. A skipped test counts as a failure here.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly numFailedTestSuites: number
}

const reportFile = join(mkdtempSync(join(tmpdir(), 'headgate-ci-')), 'report.json')

const checks = npm('run', 'check')
// With them the tests of test/kubernetes are among the others; without them they would be left out.
const binaries = npm('run', 'build:kubernetes')
// So are those of test/services.
const services = npm('run', 'build:services')
const tests = npm(
  'test',
  '--',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportFile}`,
)
const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report
const skipped = report.numPendingTests + report.numTodoTests
const failed = report.numFailedTests + skipped

if (skipped > 0) console.log(`${skipped} tests were skipped, which is a failure here`)
if (!checks) console.log('the static checks failed')
if (!binaries) console.log('the Kubernetes binaries could not be built')
if (!services) console.log('the Kafka broker could not be had')
if (!checks || !binaries || !services || !tests || failed > 0 || report.numPassedTests === 0)
  process.exitCode = 1
console.log(`${report.numPassedTests} passed, ${failed} failed`)

function npm(...args: readonly string[]): boolean {
  return spawnSync('npm', args, { stdio: 'inherit' }).status === 0
}
