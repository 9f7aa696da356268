/**
 * Everything that the server answers is there twice: at its path, and beneath `/benthos`, where Connect's `root_path`
 * puts it for those who look there.
 */
const ROOT_PATH = '/benthos'

/** The path that a request means. */
export function withoutRootPath(url: string): string {
  if (!url.startsWith(`${ROOT_PATH}/`)) return url
  return url.slice(ROOT_PATH.length)
}
