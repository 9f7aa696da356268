/**
 * Writes every generated file from the definitions in the code, or, with `--check`, fails when git holds anything else.
 *
 * A generator is a pure function to a map of path → text; it never reads what it wrote before.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { generateBloblang } from './generate-bloblang.ts'
import { generateCommands } from './generate-commands.ts'
import { generateComponents } from './generate-components.ts'
import { generateConditions } from './generate-conditions.ts'
import { generateCrds } from './generate-crds.ts'
import { generateErrorPages } from './generate-error-pages.ts'
import { generateErrors } from './generate-errors.ts'
import { generateRegistry } from './generate-registry.ts'
import { generateSchemas } from './generate-schemas.ts'

const ROOT = join(import.meta.dirname, '..')

async function generateAll(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ...generateRegistry(),
    ...(await generateCrds()),
    ...generateErrors(),
    ...generateErrorPages(),
    ...generateConditions(),
    ...generateBloblang(),
    ...generateCommands(),
    ...(await generateComponents()),
    ...(await generateSchemas()),
  ])
}

async function main(check: boolean): Promise<void> {
  const all = await generateAll()
  const stale = [...all].filter(([path, text]) => read(path) !== text)
  for (const [path, text] of check ? [] : stale) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true })
    writeFileSync(join(ROOT, path), text)
  }
  const left = leftOver(all)
  if (!check) for (const path of left) rmSync(join(ROOT, path))
  for (const [path] of stale) console.log(`${check ? 'stale' : 'wrote'} ${path}`)
  for (const path of left) console.log(`${check ? 'left over' : 'removed'} ${path}`)
  if (!check || stale.length + left.length === 0) return
  console.error('Generated files differ from their definitions. Run: npm run generate')
  process.exitCode = 1
}

/** Folders in which every file is generated: a page of what is no longer there would be believed. */
const OWN_FOLDERS = ['docs/components']

function leftOver(all: ReadonlyMap<string, string>): readonly string[] {
  return OWN_FOLDERS.filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
    )
    .filter((path) => !all.has(path))
}

function read(path: string): string | undefined {
  return existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : undefined
}

if (import.meta.main) await main(process.argv.includes('--check'))
