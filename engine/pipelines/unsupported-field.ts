/**
 * A field that configs of Connect have and that means nothing here: full configs say what is its default there, and
 * anything else is refused by name.
 */
import { type TUnsafe, Type } from '../../crds/typebox.ts'

/** Says why. */
export const UNSUPPORTED_KEYWORD = 'x-headgate-unsupported'

export function unsupportedField<const Value extends string | boolean>(
  accepted: Value,
  reason: string,
): TUnsafe<Value> {
  return Type.Unsafe<Value>({
    ...Type.Literal(accepted),
    default: accepted,
    description: `Not supported: ${reason}.`,
    [UNSUPPORTED_KEYWORD]: reason,
  })
}

/** A list that has to be empty. */
export function unsupportedList(reason: string): TUnsafe<readonly unknown[]> {
  return Type.Unsafe<readonly unknown[]>({
    type: 'array',
    maxItems: 0,
    default: [],
    description: `Not supported: ${reason}.`,
    [UNSUPPORTED_KEYWORD]: reason,
  })
}
