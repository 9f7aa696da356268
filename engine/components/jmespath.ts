/** Queries of JMESPath: compiled once, run on values of ours. */
import { createRequire } from 'node:module'
import { HeadgateError } from '../error.ts'
import { type ForeignValue, toForeign } from './foreign-value.ts'

/** What `pad_left` and `pad_right` may fill a text up to. */
export const PADDED_LENGTH_MAX = 1_048_576

type Library = typeof import('@jmespath-community/jmespath')

const require = createRequire(import.meta.url)
let loaded: Library | undefined

export type JmespathQuery = (value: Parameters<typeof toForeign>[0]) => unknown

export function compileJmespath(query: string): JmespathQuery {
  const { compile, TreeInterpreter } = library()
  const tree = failing('expected a query of JMESPath', () => compile(query))
  return (value) =>
    failing('the query failed', () => TreeInterpreter.search(tree, toForeign(value) as never))
}

function library(): Library {
  if (loaded !== undefined) return loaded
  loaded = require('@jmespath-community/jmespath') as Library
  const { TYPE_NUMBER, TYPE_STRING } = loaded
  const text = { types: [TYPE_STRING] }
  const signature = [text, { types: [TYPE_NUMBER] }, { ...text, optional: true }]
  for (const [name, pad] of Object.entries(PADS)) {
    loaded.TreeInterpreter.runtime.registerFunction(name, pad as never, signature, {
      override: true,
    })
  }
  return loaded
}

const PADS: Readonly<Record<string, (given: readonly ForeignValue[]) => string>> = {
  pad_left: ([text, width, fill]) => String(text).padStart(...padding(width, fill)),
  pad_right: ([text, width, fill]) => String(text).padEnd(...padding(width, fill)),
}

function padding(
  width: ForeignValue | undefined,
  fill: ForeignValue | undefined,
): [number, string] {
  const length = Number(width)
  if (!(length >= 0 && length <= PADDED_LENGTH_MAX)) {
    throw new Error(`expected a width from 0 to ${PADDED_LENGTH_MAX}, got ${length}`)
  }
  return [length, fill === undefined ? ' ' : String(fill)]
}

function failing<T>(what: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new HeadgateError('MappingFailed', `${what}: it is nested too deeply`, { cause })
    }
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HeadgateError('MappingFailed', `${what}: ${reason}`, { cause })
  }
}
