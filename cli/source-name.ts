/** The name of a source that a person gives: what a server would refuse is refused here, with the option that said it. */
import { HeadgateError } from '../engine/error.ts'

const SOURCE_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

export function requireSourceName(name: string): string {
  if (SOURCE_NAME.test(name)) return name
  throw new HeadgateError(
    'Usage',
    `--source: expected lower-case letters, digits and hyphens, got "${name}"`,
  )
}
