/** What can be said of a file of code without running it: whether it is there, can be read, and exports what is called. */
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ModuleFault } from '../controllers/sets/grants.ts'
import {
  pathText,
  positionIn,
  positionText,
} from '../engine/components/typescript/source-position.ts'

/** A default export, or one named batch; and whatever brings exports from elsewhere. */
const EXPORTS =
  /\bexport\s+default\b|\bexport\s+(?:async\s+)?(?:const|let|var|function)\s*\*?\s*batch\b|\bexport\s*\{[^}]*\b(?:default|batch)\b|\bexport\s*\*|\bexports\b/

/** `file` names the module, and lies where relative paths begin. */
export function moduleFault(module: string, file: string): ModuleFault | undefined {
  const folder = dirname(resolve(file))
  const path = resolve(folder, module)
  const url = pathToFileURL(path).href
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    const message = `there is no file ${pathText(url, process.cwd())}`
    return { message, hint: 'A relative path begins at the folder of this file.' }
  }
  const fault = /\.m?ts$/.test(path) ? syntaxFault(text, url) : undefined
  if (fault !== undefined) return { message: fault, hint: 'Mend the file.' }
  if (EXPORTS.test(text)) return undefined
  const name = pathText(url, process.cwd())
  const message = `expected ${name} to have a default export, or one named batch, got neither`
  return { message, hint: 'Write export default (record, context) => record' }
}

function syntaxFault(text: string, sourceUrl: string): string | undefined {
  const { emitWarning } = process
  // That this is new to Node is nothing that people could mend.
  process.emitWarning = () => {}
  try {
    stripTypeScriptTypes(text, { sourceUrl })
    return undefined
  } catch (thrown) {
    const { message, stack = '' } = thrown as Error
    const position = positionIn({ message, stack })
    return position === undefined ? message : `${positionText(position, process.cwd())}: ${message}`
  } finally {
    process.emitWarning = emitWarning
  }
}
