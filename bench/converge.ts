/**
 * `npm run bench -- converge [--quick]`: how soon a real server on a large folder does what an edit says, and what it
 * costs. `--quick` takes a tenth of the resources.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchBurst } from './converge/burst.ts'
import { benchEdits } from './converge/edits.ts'
import { openLargeServer } from './converge/large-server.ts'
import { FOLDERS, largeSet, writeLargeSet } from './converge/large-set.ts'
import { benchLists } from './converge/lists.ts'
import { benchNothingToDo } from './converge/nothing-to-do.ts'
import { benchPostedSet } from './converge/posted-set.ts'
import { benchStart } from './converge/start.ts'
import { benchWatchers } from './converge/watchers.ts'

export async function benchConverge(options: readonly string[]): Promise<void> {
  const folders = options.includes('--quick') ? FOLDERS / 10 : FOLDERS
  const root = mkdtempSync(join(tmpdir(), 'headgate-converge-'))
  const folder = join(root, 'set')
  const dataDirectory = join(root, 'data')
  const files = largeSet(folders)
  writeLargeSet(folder, files, '0')
  console.log(`${files.length} resources in ${folders} folders, one a file`)
  await benchStart({ folder, dataDirectory })
  {
    await using server = await openLargeServer({ folder, dataDirectory })
    await benchNothingToDo(server, files)
    await benchEdits(server, files)
    await benchLists(server)
    await benchWatchers(server, files)
    await benchPostedSet(server)
    await benchBurst(server, files)
    await server.stop()
  }
  rmSync(root, { recursive: true })
}
