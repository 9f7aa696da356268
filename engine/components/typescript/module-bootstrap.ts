/**
 * What a thread of a module runs, as a URL that holds all of it: the thread may start from anywhere, and loads no file of
 * ours. Each file is a URL of its own, within those that import it.
 */
import { readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { strippedSources } from './type-stripper.ts'

let made: Promise<string> | undefined

export async function bootstrapUrl(): Promise<URL> {
  made ??= linked(
    new URL(`./thread/module-worker${extname(import.meta.filename)}`, import.meta.url),
    new Map(),
  )
  return new URL(await made)
}

/** What of a text, types stripped, names another file of ours. */
const IMPORT = /(?<=from ')\.\.?\/[a-z./-]+\.[jt]s(?=')/g

/** The same file is the same URL wherever it is imported, and so the same module. */
async function linked(url: URL, known: Map<string, string>): Promise<string> {
  const before = known.get(url.href)
  if (before !== undefined) return before
  const text = readFileSync(url, 'utf8')
  const source = url.pathname.endsWith('.ts') ? await stripped(url.href, text) : text
  const places = new Map<string, string>()
  for (const [imported] of source.matchAll(IMPORT)) {
    places.set(imported, await linked(new URL(imported, url), known))
  }
  const whole = source.replace(IMPORT, (imported) => places.get(imported) ?? imported)
  // A name for stacks, which would hold all of it otherwise.
  const named = `${whole}\n//# sourceURL=headgate:${basename(url.pathname, extname(url.pathname))}`
  const made = `data:text/javascript;base64,${Buffer.from(named).toString('base64')}`
  known.set(url.href, made)
  return made
}

async function stripped(href: string, text: string): Promise<string> {
  const { sources } = await strippedSources({ [href]: text })
  return sources[href] ?? text
}
