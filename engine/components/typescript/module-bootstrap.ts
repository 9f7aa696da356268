/**
 * What a thread of a module runs, as a URL that holds all of it: the thread may start from anywhere, and loads no file of
 * ours. Each file of its folder is a URL of its own, within those that import it.
 */
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { strippedSources } from './type-stripper.ts'

let made: Promise<string> | undefined

export async function bootstrapUrl(): Promise<URL> {
  made ??= linked('module-worker', new Map())
  return new URL(await made)
}

/** What of a text, types stripped, names another file of the folder. */
const IMPORT = /from '\.\/([a-z-]+)\.[jt]s'/g

/** The same file is the same URL wherever it is imported, and so the same module. */
async function linked(name: string, known: Map<string, string>): Promise<string> {
  const before = known.get(name)
  if (before !== undefined) return before
  const url = new URL(`./thread/${name}${extname(import.meta.filename)}`, import.meta.url)
  const text = readFileSync(url, 'utf8')
  let source = url.pathname.endsWith('.ts') ? await stripped(url.href, text) : text
  for (const [, imported = ''] of [...source.matchAll(IMPORT)]) {
    const place = await linked(imported, known)
    source = source.replace(new RegExp(`from '\\./${imported}\\.[jt]s'`), () => `from '${place}'`)
  }
  // A name for stacks, which would hold all of it otherwise.
  const named = `${source}\n//# sourceURL=headgate:${name}`
  const made = `data:text/javascript;base64,${Buffer.from(named).toString('base64')}`
  known.set(name, made)
  return made
}

async function stripped(href: string, text: string): Promise<string> {
  const { sources } = await strippedSources({ [href]: text })
  return sources[href] ?? text
}
