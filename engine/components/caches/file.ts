/**
 * A folder with a file for each key.
 *
 * A value is written beside its place and then moved there, so that nobody reads half of it; a new key is linked, which
 * the file system does for one of two at once. It never forgets by itself.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import type { Cache } from '../../pipelines/cache.ts'
import { type CacheDefinition, defineCache } from '../../pipelines/component.ts'
import type { Random } from '../../ports/random.ts'
import { makeFolders } from '../make-folders.ts'

export const fileCache: CacheDefinition = defineCache({
  name: 'file',
  status: 'stable',
  effects: 'write',
  summary: 'A file for each key, in a folder.',
  description:
    'Values never expire: a `ttl` that a component gives has no effect. A key with `/` in it lies in a folder of the folder; ' +
    'no key leads out of it.',
  config: Type.Object({
    directory: Type.String({ minLength: 1, description: 'The folder; it is made when needed.' }),
  }),
  needs: ({ directory }) => [{ kind: 'file', name: directory, path: ['directory'] }],
  examples: [{ title: 'Beside the pipeline', config: { directory: './seen' } }],
  build: ({ directory }, { environment }) =>
    new FileCache(resolve(environment.directory, directory), environment.random),
})

class FileCache implements Cache {
  readonly #directory: string
  readonly #random: Random

  constructor(directory: string, random: Random) {
    this.#directory = directory
    this.#random = random
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const path = this.#path(key)
    try {
      return await readFile(path)
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined
      throw failure('InputFailed', 'read', key, cause)
    }
  }

  async set(key: string, value: Uint8Array): Promise<void> {
    await this.#write(key, value, rename)
  }

  async add(key: string, value: Uint8Array): Promise<boolean> {
    return this.#write(key, value, link)
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key)
    try {
      await rm(path, { force: true })
    } catch (cause) {
      throw failure('OutputFailed', 'delete', key, cause)
    }
  }

  async #write(
    key: string,
    value: Uint8Array,
    place: (from: string, to: string) => Promise<void>,
  ): Promise<boolean> {
    const path = this.#path(key)
    const beside = resolve(this.#directory, `.${this.#random.uuid()}.part`)
    try {
      await makeFolders(dirname(path))
      await writeFile(beside, value)
      await place(beside, path)
      return true
    } catch (cause) {
      if (codeOf(cause) === 'EEXIST' && place === link) return false
      throw failure('OutputFailed', 'write', key, cause)
    } finally {
      await rm(beside, { force: true })
    }
  }

  #path(key: string): string {
    const path = resolve(this.#directory, key)
    const below = relative(this.#directory, path)
    const leaves = below === '' || below === '..' || below.startsWith(`..${sep}`)
    if (!leaves && !key.includes('\0')) return path
    throw new HeadgateError('OutputFailed', 'expected a key that names a file below the folder', {
      hint: 'a key cannot lead out of the folder that the config names',
    })
  }
}

function failure(
  code: 'InputFailed' | 'OutputFailed',
  verb: string,
  key: string,
  cause: unknown,
): HeadgateError {
  const why = codeOf(cause) ?? 'unknown'
  return new HeadgateError(code, `cannot ${verb} the file of key ${JSON.stringify(key)}: ${why}`, {
    cause,
  })
}

function codeOf(cause: unknown): string | undefined {
  return (cause as NodeJS.ErrnoException).code
}
