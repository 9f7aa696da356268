/** The files of a set that somebody names, a folder, a file or `-` for stdin, as the server takes them. */
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { SourceFile } from '../controllers/control-plane.ts'
import { FileMemory } from '../controllers/sources/file-memory.ts'
import { walkFiles } from '../controllers/sources/file-walk.ts'
import { HeadgateError } from '../engine/error.ts'
import { realClock } from '../engine/ports/real-clock.ts'

const STDIN = '-'
/** What is piped in has no name of its own. */
const STDIN_NAME = '(stdin)'

/** Rejects for what cannot be read: a part of a set would be taken for the whole. */
export async function setFiles(
  path: string,
  stdin: NodeJS.ReadableStream,
): Promise<readonly SourceFile[]> {
  if (path === STDIN) return [fileOf(STDIN_NAME, await buffer(stdin))]
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) {
    throw new HeadgateError('Usage', `there is no file or folder ${path}`, {
      hint: 'Check the name; - reads what is piped in.',
    })
  }
  if (!found.isDirectory()) return [fileOf(basename(path), readFileSync(path))]
  const { files, unreadable } = await walkFiles(
    realpathSync(resolve(path)),
    new FileMemory(realClock),
  )
  const [first] = unreadable
  if (first !== undefined) {
    throw new HeadgateError('SourceUnreadable', `${first.path}: ${first.because}`, {
      hint: 'Make it readable, or name it in .headgateignore: a part of a set is not sent.',
    })
  }
  return files.map((file) => fileOf(file.path, file.bytes))
}

function fileOf(path: string, bytes: Uint8Array): SourceFile {
  try {
    // The mark at the beginning stays: the server judges it as it would in a folder.
    return { path, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch (cause) {
    throw new HeadgateError('YamlSyntax', `${path}: expected UTF-8, got other bytes`, {
      cause,
      hint: 'Save it in UTF-8.',
    })
  }
}
