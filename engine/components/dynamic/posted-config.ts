/** Reads the config of a component that was posted, YAML or JSON, within limits. */
import { HeadgateError } from '../../error.ts'

export const POSTED_CONFIG_BYTES_MAX: number = 1024 * 1024
/** Aliases of aliases can stand for more than any memory holds. */
const ALIASES_MAX = 100

/** Throws BadRequest for what is neither. */
export async function parsePostedConfig(bytes: Uint8Array): Promise<unknown> {
  const { parse } = await import('yaml')
  try {
    return parse(Buffer.from(bytes).toString(), { maxAliasCount: ALIASES_MAX, logLevel: 'error' })
  } catch (cause) {
    const [reason = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n')
    throw new HeadgateError('BadRequest', `expected a config in YAML or JSON: ${reason}`, { cause })
  }
}
