/** What a command is about: `stream orders`, `stream/orders`, or several names of a kind. */
import { HeadgateError } from '../engine/error.ts'
import type { ArgumentDefinition } from './command.ts'
import type { Gettable } from './kind-names.ts'

export interface Target {
  readonly kind: Gettable
  readonly name: string
}

/** For commands on one resource. */
export const TARGET_ARGUMENTS: readonly ArgumentDefinition[] = [
  { name: 'KIND', required: true, summary: 'A kind in any form; or KIND/NAME.' },
  { name: 'NAME', required: false, summary: 'The name, where it does not stand behind the kind.' },
]

export async function targetsOf(words: readonly string[]): Promise<readonly Target[]> {
  const { gettable } = await import('./kind-names.ts')
  const [first = '', ...names] = words
  if (!first.includes('/')) {
    const kind = kindBefore(first, names, gettable)
    return names.map((name) => ({ kind, name: nameOf(first, name) }))
  }
  return words.map((word) => {
    const [kind = '', ...rest] = word.split('/')
    const name = rest.join('/')
    if (name !== '' && kind !== '') return { kind: gettable(kind), name }
    throw new HeadgateError('Usage', `expected KIND/NAME, got "${word}"`, {
      hint: 'Write stream/orders everywhere, or one kind and then its names: stream orders raw',
    })
  })
}

export async function targetOf(words: readonly string[]): Promise<Target> {
  const [target, ...others] = await targetsOf(words)
  if (target !== undefined && others.length === 0) return target
  throw new HeadgateError(
    'Usage',
    target === undefined
      ? `expected the name of one, got the kind "${words[0]}" alone`
      : `expected one resource, got ${words.join(' ')}`,
    { hint: 'Write for example stream orders, or stream/orders.' },
  )
}

/** A kind of the five, which is declared; sources and retained streams are not. */
export async function declaredTargetOf(words: readonly string[]): Promise<Target> {
  const target = await targetOf(words)
  const { DECLARED } = await import('./kind-names.ts')
  if (DECLARED.includes(target.kind)) return target
  throw new HeadgateError(
    'Usage',
    `expected a kind that is declared, got "${words[0]}": a ${target.kind.kind} is not`,
    { hint: `Kinds are ${DECLARED.map(({ plural }) => plural).join(', ')}.` },
  )
}

/** Who names a resource alone has left out its kind, or misspelt it. */
function kindBefore(
  first: string,
  names: readonly string[],
  gettable: (name: string) => Gettable,
): Gettable {
  try {
    return gettable(first)
  } catch (error) {
    if (!(error instanceof HeadgateError) || names.length > 0) throw error
    throw new HeadgateError('Usage', error.message, {
      cause: error,
      hint: `${error.hint ?? ''}\nA kind stands before a name: stream ${first}, or stream/${first}`,
    })
  }
}

/** `get stream stream/orders` is one slip; the answer would be a name that nothing has. */
function nameOf(kind: string, word: string): string {
  if (!word.includes('/')) return word
  throw new HeadgateError('Usage', `expected a name of ${kind}, got "${word}"`, {
    hint: 'Write KIND/NAME everywhere, or one kind and then its names.',
  })
}

/** `stream/orders` */
export function targetText({ kind, name }: Target): string {
  return `${kind.kind.toLowerCase()}/${name}`
}
