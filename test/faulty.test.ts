/** Every file of `test/faulty` is reported exactly as the `.txt` beside it says. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { problemText } from '../controllers/sets/problem-text.ts'
import { readTexts } from '../controllers/sets/testing.ts'

const FOLDER = join(import.meta.dirname, 'faulty')

describe('faulty files', () => {
  for (const name of readdirSync(FOLDER).filter((file) => !file.endsWith('.txt'))) {
    test(`${name} is reported with its place and what to do`, async () => {
      const text = readFileSync(join(FOLDER, name), 'utf8')
      const { problems, complete } = await readTexts({ [name]: text })
      const report = [
        ...problems.map((problem) => problemText(problem, text)),
        complete ? 'complete' : 'incomplete',
      ].join('\n\n')
      await expect(`${report}\n`).toMatchFileSnapshot(join(FOLDER, `${name}.txt`))
    })
  }
})
