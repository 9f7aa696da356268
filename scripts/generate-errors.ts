/** The docs page of the error table. */
import { ERROR_CODES, type ErrorClass } from '../engine/error-codes.ts'

export const ERRORS_PAGE = 'docs/reference/errors.md'

const HEAD = `# Errors

Every error that Headgate reports has a code of this table. **Retry** says what Headgate itself does, and what a client
should do: \`never\` waits for the input to change, \`backoff\` tries again with growing waits, \`now\` looks again and
repeats at once. **HTTP** is the status of the native API; **exit** is what a command ends with.

| code | retry | HTTP | exit | meaning |
|---|---|---|---|---|
`

export function generateErrors(): ReadonlyMap<string, string> {
  const rows = Object.entries<ErrorClass>(ERROR_CODES)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, { retry, status, exit, meaning }]) =>
        `| [\`${code}\`](../errors/${code}.md) | ${retry} | ${status} | ${exit} | ${meaning} |\n`,
    )
  return new Map([[ERRORS_PAGE, HEAD + rows.join('')]])
}
