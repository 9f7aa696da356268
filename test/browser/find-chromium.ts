/** Where a Chromium is, under the names by which systems install it; undefined where there is none. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES: readonly string[] = ['chromium', 'chromium-browser', 'google-chrome']

export function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path))
}
