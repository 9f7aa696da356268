/** A docs page for each code of the error table, and the same as data for `headgate explain CODE`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERROR_CODES, type ErrorClass, type ErrorCode } from '../engine/error-codes.ts'
import { ERROR_ADVICE } from './error-advice.ts'

const FAULTY = join(import.meta.dirname, '..', 'test', 'faulty')
export const ERROR_PAGES_FOLDER = 'docs/errors'
const DATA = 'cli/error-pages.gen.ts'

export function generateErrorPages(): ReadonlyMap<string, string> {
  const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).sort()
  const pages = codes.map((code): [string, string] => [
    `${ERROR_PAGES_FOLDER}/${code}.md`,
    page(code),
  ])
  return new Map([...pages, [DATA, data(codes)]])
}

const RETRIES: Readonly<Record<ErrorClass['retry'], string>> = {
  never: 'Trying again changes nothing: something has to change first.',
  backoff: 'It is tried again by itself, with growing waits.',
  now: 'It may be tried again at once, after another look.',
}

function page(code: ErrorCode): string {
  const { meaning, retry, status, exit }: ErrorClass = ERROR_CODES[code]
  const { next, example } = ERROR_ADVICE[code]
  return [
    `# ${code}`,
    meaning,
    `**What to do.** ${next}`,
    `**Retry.** ${RETRIES[retry]}`,
    `**Seen as.** HTTP ${status} from the API; a command ends with ${exit}.`,
    ...(example === undefined ? [] : exampleOf(example)),
    'All codes: [errors](../reference/errors.md).',
  ]
    .join('\n\n')
    .concat('\n')
}

function exampleOf(name: string): readonly string[] {
  const text = readFileSync(join(FAULTY, name), 'utf8').trimEnd()
  const report = readFileSync(join(FAULTY, `${name}.txt`), 'utf8')
    .trimEnd()
    .replace(/\n*(in)?complete$/, '')
  return [
    '## Example',
    `\`\`\`yaml\n${text}\n\`\`\``,
    '`headgate validate` says:',
    `\`\`\`text\n${report}\n\`\`\``,
  ]
}

/** The pages as they are printed: without the marks of Markdown. */
function data(codes: readonly ErrorCode[]): string {
  const entries = codes.map((code) => `  ${code}: ${JSON.stringify(plain(page(code)))},\n`)
  return `/** Generated from the error table and test/faulty by scripts/generate-error-pages.ts. */
export const ERROR_PAGES: Readonly<Record<string, string>> = {
${entries.join('')}}
`
}

function plain(markdown: string): string {
  return markdown
    .replace(/\n\nAll codes:.*\n$/s, '\n')
    .replace(/^#+ /gm, '')
    .replace(/\*\*([^*\n]+)\*\*/g, '$1')
    .replace(/```[a-z]*\n([\s\S]*?)\n```/g, (_all, block: string) =>
      block.replace(/^(?=.)/gm, '  '),
    )
    .replaceAll('`', '')
}
