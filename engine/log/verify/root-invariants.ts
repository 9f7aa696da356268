/** What the marker and the two superblocks must say: everything else begins there. */
import { join } from 'node:path'
import type { Disk } from '../../ports/disk.ts'
import { decodeSuperblock, SUPERBLOCK_BYTES, type Superblock } from '../checkpoint/superblock.ts'
import { readFile } from '../checkpoint/whole-file.ts'
import { DATA_FORMAT, type DataPaths, readMarker } from '../data-directory.ts'
import { expected, type Invariant } from './invariant.ts'

const SUPERBLOCKS = ['superblock.0', 'superblock.1'] as const
const PARTS = ['journal', 'checkpoint', 'streams'] as const

export interface RootFacts {
  readonly paths: DataPaths
  readonly names: readonly string[]
  /** What the marker says, or why it does not. */
  readonly marker: { readonly id: string | undefined; readonly problem: string | undefined }
  readonly superblocks: readonly FoundSuperblock[]
}

interface FoundSuperblock {
  readonly path: string
  readonly superblock: Superblock | undefined
}

export const ROOT_INVARIANTS: readonly Invariant<RootFacts>[] = [
  {
    name: 'layout',
    sentence:
      'The marker, two superblocks and the directories of journal, checkpoint and streams are there.',
    *faults({ paths, names }) {
      for (const name of ['format.json', ...SUPERBLOCKS, ...PARTS]) {
        if (!names.includes(name)) yield expected(name, 'nothing of that name', paths.root)
      }
    },
  },
  {
    name: 'marker',
    sentence: 'The marker names the format of this version and the id of the engine.',
    *faults({ paths, marker: { problem } }) {
      if (problem !== undefined) yield { path: join(paths.root, 'format.json'), message: problem }
    },
  },
  {
    name: 'superblock-whole',
    sentence:
      'Both superblocks are whole; where one is not, the other counts, and the next start writes it anew.',
    *faults({ superblocks }) {
      for (const { path, superblock } of superblocks) {
        if (superblock === undefined) yield expected('a whole superblock', 'other bytes', path)
      }
    },
  },
  {
    name: 'superblock-engine',
    sentence: 'The superblocks are of the format and the engine that the marker names.',
    *faults({ superblocks, marker }) {
      for (const { path, superblock } of superblocks) {
        if (superblock === undefined) continue
        const { format, id } = superblock
        if (format !== DATA_FORMAT) yield expected(`format ${DATA_FORMAT}`, `${format}`, path)
        else if (marker.id !== undefined && id !== marker.id)
          yield expected(`engine ${marker.id}`, id, path)
      }
    },
  },
  {
    name: 'superblock-turn',
    sentence:
      'The superblocks are written in turn: one is a single write ahead, or both are the first.',
    *faults({ superblocks }) {
      const [even, odd] = superblocks
      if (even?.superblock === undefined || odd?.superblock === undefined) return
      const ahead = Math.abs(even.superblock.writes - odd.superblock.writes)
      if (ahead > 1) yield expected('superblocks one write apart', `${ahead}`, odd.path)
    },
  },
]

export async function readRoot(disk: Disk, paths: DataPaths): Promise<RootFacts> {
  const names = await disk.directories.list(paths.root)
  const superblocks: FoundSuperblock[] = []
  for (const name of SUPERBLOCKS) {
    if (!names.includes(name)) continue
    const path = join(paths.root, name)
    superblocks.push({
      path,
      superblock: decodeSuperblock(await readFile(disk, path, SUPERBLOCK_BYTES)),
    })
  }
  return { paths, names, marker: await markerOf(disk, paths.root), superblocks }
}

async function markerOf(disk: Disk, root: string): Promise<RootFacts['marker']> {
  try {
    return { id: await readMarker(disk, root), problem: undefined }
  } catch (error) {
    return { id: undefined, problem: error instanceof Error ? error.message : String(error) }
  }
}
