/**
 * Writes every generated file from the definitions in the code, or, with `--check`, fails when git holds anything else.
 *
 * A generator is a pure function to a map of path → text; it never reads what it wrote before.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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
  const stale = [...(await generateAll())].filter(([path, text]) => read(path) !== text)
  for (const [path, text] of check ? [] : stale) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true })
    writeFileSync(join(ROOT, path), text)
  }
  for (const [path] of stale) console.log(`${check ? 'stale' : 'wrote'} ${path}`)
  if (!check || stale.length === 0) return
  console.error('Generated files differ from their definitions. Run: npm run generate')
  process.exitCode = 1
}

function read(path: string): string | undefined {
  return existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : undefined
}

if (import.meta.main) await main(process.argv.includes('--check'))
