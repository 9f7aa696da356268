/** Which Headgate this is: the version in package.json, and when it was built, or `source`. */
import { readFileSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import type { Build } from '../api/version.ts'

const HERE = import.meta.dirname
const IS_BUILT = HERE.endsWith(`${sep}dist${sep}cli`)

export function build(): Build {
  const root = join(HERE, IS_BUILT ? '../..' : '..')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string
  }
  return {
    version,
    built: IS_BUILT ? statSync(join(HERE, 'main.js')).mtime.toISOString() : 'source',
  }
}
