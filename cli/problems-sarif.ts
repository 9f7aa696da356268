/** Problems as SARIF 2.1.0, which code hosts show beside the changed lines. */
import type { Problem } from '../controllers/sets/problem.ts'
import { ERROR_CODES } from '../engine/error-codes.ts'

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json'

export function sarifText(problems: readonly Problem[], version: string): string {
  const codes = [...new Set(problems.map(({ code }) => code))].sort()
  const rules = codes.map((id) => ({
    id,
    shortDescription: { text: ERROR_CODES[id].meaning },
    help: { text: `Run headgate explain ${id}.` },
  }))
  const driver = { name: 'headgate', semanticVersion: version, rules }
  const results = problems.map((problem) => ({
    ruleId: problem.code,
    ruleIndex: codes.indexOf(problem.code),
    level: problem.severity,
    message: { text: sentence(problem) },
    locations: [{ physicalLocation: placeOf(problem) }],
  }))
  const run = { tool: { driver }, columnKind: 'unicodeCodePoints', results }
  return `${JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, null, 2)}\n`
}

function placeOf({ file, line, column, width = 1 }: Problem): object {
  return {
    artifactLocation: { uri: uriOf(file) },
    region: { startLine: line, startColumn: column, endColumn: column + width },
  }
}

/** Relative to where the command ran; what lies elsewhere is absolute. */
function uriOf(file: string): string {
  const path = file.split('/').map(encodeURIComponent).join('/')
  return file.startsWith('/') ? `file://${path}` : path
}

export function sentence({ layer, message, hint }: Problem): string {
  return `${layer}: ${message}${hint === undefined ? '' : ` (${hint})`}`
}
