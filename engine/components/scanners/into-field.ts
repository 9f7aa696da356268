/** A scanner within a scanner; it is checked as the outer one is. */
import { type TUnsafe, Type } from '../../../crds/typebox.ts'

export const intoField: TUnsafe<unknown> = Type.Unsafe<unknown>({
  type: 'object',
  default: { to_the_end: {} },
  description: 'The scanner of what comes out.',
})
