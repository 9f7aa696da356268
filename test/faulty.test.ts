/** Every file of `test/faulty` is reported exactly as the `.txt` beside it says. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { engineInspector } from '../cli/inspector.ts'
import { FileCache } from '../controllers/sets/file-cache.ts'
import { problemText } from '../controllers/sets/problem-text.ts'
import { readTexts } from '../controllers/sets/testing.ts'

const FOLDER = join(import.meta.dirname, 'faulty')

describe('faulty files', () => {
  for (const name of readdirSync(FOLDER).filter((file) => !file.endsWith('.txt'))) {
    test(`${name} is reported with its place and what to do`, async () => {
      const bytes = readFileSync(join(FOLDER, name))
      const cache = new FileCache(engineInspector)
      const { problems, complete } = await readTexts({ [name]: bytes }, { cache })
      const report = [
        ...problems.map((problem) => problemText(problem, bytes.toString())),
        complete ? 'complete' : 'incomplete',
      ].join('\n\n')
      expect(problems.filter(({ hint = '' }) => /^\p{Lu}\p{Ll}|\.$/u.test(hint))).toEqual([])
      await expect(`${report}\n`).toMatchFileSnapshot(join(FOLDER, `${name}.txt`))
    })
  }
})
