/** Says what is wrong with a set that a server refused: it names the first fault, and here all have their lines. */
import { GRANTS_ALL, SCOPE_ALL } from '../controllers/config/implied-source.ts'
import type { SourceFile } from '../controllers/control-plane.ts'
import { FileCache } from '../controllers/sets/file-cache.ts'
import { readSet } from '../controllers/sets/read-set.ts'
import { HeadgateError } from '../engine/error.ts'
import type { Invocation } from './command.ts'
import { engineInspector } from './inspector.ts'
import { sayProblems } from './plan-output.ts'
import { countText } from './problems-text.ts'

/** Rejects with the error itself where it is another one, or where only the server knows what is wrong. */
export async function sayWhatIsWrong(
  invocation: Invocation,
  files: readonly SourceFile[],
  error: unknown,
): Promise<void> {
  if (!(error instanceof HeadgateError) || error.code !== 'Invalid') throw error
  const { problems } = await readSet({
    source: 'local',
    scope: SCOPE_ALL,
    grants: GRANTS_ALL,
    directory: process.cwd(),
    files: files.map(({ path, text }) => ({ path, bytes: Buffer.from(text) })),
    notes: [],
    unreadable: [],
    cache: new FileCache(engineInspector),
    // What the server has besides is its own knowledge.
    known: () => true,
    held: () => false,
  })
  if (!problems.some(({ severity }) => severity === 'error')) throw error
  await sayProblems(invocation, problems, files)
  invocation.terminal.say(`${countText(problems)}: nothing was changed.`)
}
