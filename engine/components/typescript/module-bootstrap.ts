/**
 * What a thread of a module runs, as a URL that holds all of it: the thread may start from anywhere, and loads no file of
 * ours.
 */
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { strippedSources } from './type-stripper.ts'

let made: Promise<URL> | undefined

export function bootstrapUrl(): Promise<URL> {
  made ??= makeUrl()
  return made
}

async function makeUrl(): Promise<URL> {
  const url = new URL(`./module-worker${extname(import.meta.filename)}`, import.meta.url)
  const text = readFileSync(url, 'utf8')
  const source = url.pathname.endsWith('.ts') ? await stripped(url.href, text) : text
  // A name for stacks, which would hold all of it otherwise.
  const named = `${source}\n//# sourceURL=headgate:module-worker`
  return new URL(`data:text/javascript,${encodeURIComponent(named)}`)
}

async function stripped(href: string, text: string): Promise<string> {
  const { sources } = await strippedSources({ [href]: text })
  return sources[href] ?? text
}
