/**
 * The paths of printer columns: fields, positions, and members of a list that are chosen by a field of theirs. That is
 * all that columns of ours use; anything else is a mistake in the definition, and is refused when it is made.
 */

type Step =
  | { readonly field: string }
  | { readonly position: number }
  | { readonly where: string; readonly is: string }

const STEP = /\.([A-Za-z_][\w-]*)|\[(\d+)\]|\[\?\(@\.([A-Za-z_]\w*)=="([^"]*)"\)\]/gy

export type Look = (value: unknown) => unknown

export function compilePath(path: string): Look {
  const steps = stepsOf(path)
  return (value) => {
    let at = value
    for (const step of steps) {
      if (at === null || typeof at !== 'object') return undefined
      at = follow(at, step)
    }
    return at
  }
}

function stepsOf(path: string): readonly Step[] {
  const steps: Step[] = []
  let end = 0
  for (const [text, field, position, where, is = ''] of path.matchAll(STEP)) {
    end += text.length
    if (field !== undefined) steps.push({ field })
    else if (position !== undefined) steps.push({ position: Number(position) })
    else if (where !== undefined) steps.push({ where, is })
  }
  if (end === path.length && end > 0) return steps
  throw new Error(`expected a path of fields, got ${path}`)
}

function follow(at: object, step: Step): unknown {
  if ('field' in step) return (at as Readonly<Record<string, unknown>>)[step.field]
  if (!Array.isArray(at)) return undefined
  if ('position' in step) return at[step.position]
  return at.find((one: Readonly<Record<string, unknown>> | null) => one?.[step.where] === step.is)
}
