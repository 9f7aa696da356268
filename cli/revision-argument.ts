/** How a revision is named: by its number, or as the one before the newest. */
import { HeadgateError } from '../engine/error.ts'
import type { Client } from './client.ts'
import { sourcePath } from './plan-client.ts'
import type { PrintedHistory } from './printed-revision.ts'

export const PREVIOUS = 'previous'

export async function revisionOf(client: Client, source: string, word: string): Promise<number> {
  if (/^[1-9][0-9]{0,14}$/.test(word)) return Number(word)
  if (word !== PREVIOUS)
    throw new HeadgateError('Usage', `expected the number of a revision, got "${word}"`, {
      hint: `Those that there are: headgate history ${source}\nOr write ${PREVIOUS}, for the one before the newest.`,
    })
  const path = `${sourcePath(source)}/revisions?limit=2`
  const { revisions } = await client.json<PrintedHistory>('GET', path)
  const revision = revisions[1]?.revision
  if (revision !== undefined) return revision
  throw new HeadgateError('NotFound', `Source ${source} has no revision before the newest.`, {
    hint: `Those that there are: headgate history ${source}`,
  })
}
