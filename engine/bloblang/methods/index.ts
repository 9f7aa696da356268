/** All methods by name, aliases included. */
import type { MethodDefinition } from '../definition.ts'
import { arithmeticMethods } from './arithmetic.ts'
import { arrayMethods } from './arrays.ts'
import { castMethods } from './casts.ts'
import { coercionMethods } from './coercion.ts'
import { encodingMethods } from './encoding.ts'
import { fallbackMethods } from './fallback.ts'
import { iterationMethods } from './iteration.ts'
import { numberMethods } from './numbers.ts'
import { objectMethods } from './objects.ts'
import { parsingMethods } from './parsing.ts'
import { regexpMethods } from './regexps.ts'
import { sequenceMethods } from './sequences.ts'
import { stringMethods } from './strings.ts'
import { timeMethods } from './time.ts'
import { timeArithmeticMethods } from './time-arithmetic.ts'

const definitions: readonly MethodDefinition[] = [
  ...arithmeticMethods,
  ...arrayMethods,
  ...castMethods,
  ...coercionMethods,
  ...encodingMethods,
  ...fallbackMethods,
  ...iterationMethods,
  ...numberMethods,
  ...objectMethods,
  ...parsingMethods,
  ...regexpMethods,
  ...sequenceMethods,
  ...stringMethods,
  ...timeMethods,
  ...timeArithmeticMethods,
]

export const methods: ReadonlyMap<string, MethodDefinition> = new Map(
  definitions.flatMap((definition) =>
    [definition.name, ...(definition.aliases ?? [])].map((name) => [name, definition] as const),
  ),
)
