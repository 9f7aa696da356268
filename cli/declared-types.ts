/** TypeScript of what a folder declares, as `headgate types` writes it and `headgate up` keeps it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import type { Problem } from '../controllers/sets/problem.ts'

/** Beside the declarations; `headgate up` writes it where a pipeline runs a module, or it is there already. */
export const TYPES_FILE = 'headgate.gen.ts'

export type DeclaredTypes =
  | { readonly ok: true; readonly text: string; readonly hasModules: boolean }
  | {
      readonly ok: false
      readonly problems: readonly Problem[]
      readonly texts: ReadonlyMap<string, string>
    }

/** The modules themselves are not looked at: they are written with these types. */
export async function declaredTypes(
  paths: readonly string[],
  namespace: string,
): Promise<DeclaredTypes> {
  const [{ validatePaths }, { declaredTypescript }] = await Promise.all([
    import('./validate-paths.ts'),
    import('../controllers/sets/declared-typescript.ts'),
  ])
  const { set, texts } = await validatePaths(paths, { looksAtModules: false })
  const problems = set.problems.filter(({ severity }) => severity === 'error')
  if (problems.length > 0) return { ok: false, problems, texts }
  const text = declaredTypescript(set, namespace)
  return { ok: true, text, hasModules: text.includes("from 'headgate/processor'") }
}

/** Keeps the file of a folder as the folder says, one look after the other. */
export class KeptTypes {
  readonly #folder: string
  #looking: Promise<void> | undefined
  #again = false

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Never rejects. */
  async look(): Promise<void> {
    this.#again = true
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    await this.#looking
  }

  async #look(): Promise<void> {
    while (this.#again) {
      this.#again = false
      // A folder that cannot be read or written keeps what it has; the convergence says what is wrong with it.
      await keepTypes(this.#folder).catch(() => undefined)
    }
  }
}

/** A folder with mistakes keeps what it has. */
async function keepTypes(folder: string): Promise<void> {
  const file = join(folder, TYPES_FILE)
  const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  if (before === undefined && !(await hasCode(folder))) return
  const types = await declaredTypes([folder], 'default')
  if (!types.ok || types.text === before) return
  if (before !== undefined || types.hasModules) writeFileSync(file, types.text)
}

/** Without any, no pipeline of the folder runs a module, and it need not be read once more. */
async function hasCode(folder: string): Promise<boolean> {
  const exclude = ['**/node_modules/**', '**/.*/**']
  for await (const _ of glob('**/*.{ts,mts,js,mjs,cjs}', { cwd: folder, exclude })) return true
  return false
}
