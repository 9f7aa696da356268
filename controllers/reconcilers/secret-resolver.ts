/**
 * Resolves references to secrets: environment variables that the source was granted, and files beneath the secrets
 * folder. A value is returned and never kept, and no message ever carries one.
 */
import { readFile, realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { HeadgateError } from '../../engine/error.ts'
import type { SecretReference, SecretResolver } from '../../engine/pipelines/pipeline.ts'

/** Larger than any key or certificate chain; a log file is no secret. */
export const SECRET_BYTES_MAX = 65_536

export interface SecretPlace {
  readonly namespace: string
  /** Undefined where the server was started without one. */
  readonly secretsDirectory: string | undefined
  readonly env: (name: string) => string | undefined
}

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

export function secretResolver(place: SecretPlace): SecretResolver {
  return { resolve: (reference) => resolveSecret(reference, place) }
}

async function resolveSecret(reference: SecretReference, place: SecretPlace): Promise<string> {
  if ('fromEnv' in reference) {
    const value = place.env(reference.fromEnv)
    if (value !== undefined) return value
    throw missing(
      `fromEnv ${reference.fromEnv}`,
      'Set the variable, and grant it to the source in headgate.yaml.',
    )
  }
  if ('fromFile' in reference)
    return readBeneath(reference.fromFile, `fromFile ${reference.fromFile}`, place)
  const { name, key } = reference.fromSecret
  const text = `fromSecret ${place.namespace}/${name}/${key}`
  if (![place.namespace, name, key].every((segment) => SEGMENT.test(segment)))
    throw missing(text, 'Names and keys are letters, digits, dots, dashes and underscores.')
  return readBeneath(`${place.namespace}/${name}/${key}`, text, place)
}

async function readBeneath(path: string, text: string, place: SecretPlace): Promise<string> {
  const { secretsDirectory } = place
  if (secretsDirectory === undefined)
    throw missing(text, 'Start the server with --secrets-dir DIRECTORY.')
  const wanted = resolve(secretsDirectory, path)
  if (!isBeneath(wanted, resolve(secretsDirectory)))
    throw missing(text, 'A secret lies beneath the secrets folder.')
  try {
    // Links may lead from one secret to another, as mounted secrets do, but not out of the folder.
    const real = await realpath(wanted)
    if (!isBeneath(real, await realpath(secretsDirectory)))
      throw missing(text, 'A link may not lead out of the secrets folder.')
    const bytes = await readFile(real)
    if (bytes.length > SECRET_BYTES_MAX)
      throw missing(text, `A secret is at most ${SECRET_BYTES_MAX} bytes long.`)
    // Editors end a file with a line feed that is no part of the secret.
    return bytes.toString('utf8').replace(/\r?\n$/, '')
  } catch (error) {
    if (error instanceof HeadgateError) throw error
    throw missing(text, 'Create the file beneath the secrets folder, readable for the server.')
  }
}

function isBeneath(path: string, root: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : root + sep)
}

function missing(reference: string, hint: string): HeadgateError {
  return new HeadgateError('SecretMissing', `The secret ${reference} cannot be resolved.`, { hint })
}
