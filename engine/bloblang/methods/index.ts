/** All methods by name, aliases included. */
import type { MethodDefinition } from '../definition.ts'
import { arithmeticMethods } from './arithmetic.ts'
import { arrayMethods } from './arrays.ts'
import { castMethods } from './casts.ts'
import { changeMethods } from './changes.ts'
import { cipherMethods } from './ciphers.ts'
import { coercionMethods } from './coercion.ts'
import { compressionMethods } from './compression.ts'
import { csvMethods } from './csv.ts'
import { dynamicMethods } from './dynamic.ts'
import { encodingMethods } from './encoding.ts'
import { escapingMethods } from './escaping.ts'
import { fallbackMethods } from './fallback.ts'
import { geoipMethods } from './geoip.ts'
import { hashingMethods } from './hashing.ts'
import { inferSchemaMethods } from './infer-schema.ts'
import { iterationMethods } from './iteration.ts'
import { jsonPathMethods } from './json-path.ts'
import { jsonSchemaMethods } from './json-schema.ts'
import { keyValueTextMethods } from './key-value-texts.ts'
import { letterCaseMethods } from './letter-case.ts'
import { msgpackMethods } from './msgpack.ts'
import { namedUuidMethods } from './named-uuid.ts'
import { numberMethods } from './numbers.ts'
import { objectMethods } from './objects.ts'
import { parquetMethods } from './parquet.ts'
import { parsingMethods } from './parsing.ts'
import { passwordMethods } from './passwords.ts'
import { quotingMethods } from './quoting.ts'
import { regexpMethods } from './regexps.ts'
import { replacingMethods } from './replacing.ts'
import { reshapingMethods } from './reshaping.ts'
import { segmentMethods } from './segments.ts'
import { sequenceMethods } from './sequences.ts'
import { slugMethods } from './slug.ts'
import { stringMethods } from './strings.ts'
import { stripHtmlMethods } from './strip-html.ts'
import { timeMethods } from './time.ts'
import { timeArithmeticMethods } from './time-arithmetic.ts'
import { tokenMethods } from './tokens.ts'
import { xmlMethods } from './xml.ts'
import { yamlMethods } from './yaml.ts'

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
  ...escapingMethods,
  ...letterCaseMethods,
  ...passwordMethods,
  ...quotingMethods,
  ...replacingMethods,
  ...segmentMethods,
  ...slugMethods,
  ...stripHtmlMethods,
  ...changeMethods,
  ...inferSchemaMethods,
  ...jsonPathMethods,
  ...jsonSchemaMethods,
  ...reshapingMethods,
  ...cipherMethods,
  ...compressionMethods,
  ...hashingMethods,
  ...namedUuidMethods,
  ...tokenMethods,
  ...csvMethods,
  ...keyValueTextMethods,
  ...msgpackMethods,
  ...parquetMethods,
  ...xmlMethods,
  ...yamlMethods,
  ...dynamicMethods,
  ...geoipMethods,
  ...timeMethods,
  ...timeArithmeticMethods,
]

export const methods: ReadonlyMap<string, MethodDefinition> = new Map(
  definitions.flatMap((definition) =>
    [definition.name, ...(definition.aliases ?? [])].map((name) => [name, definition] as const),
  ),
)
