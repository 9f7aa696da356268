/** The fields that choose metadata by name: prefixes, and regular expressions. Without either, nothing is chosen. */
import { type TUnsafe, Type } from '../../crds/typebox.ts'
import { compileRegexp } from '../bloblang/regexp/regexp.ts'
import { asHeadgateError } from '../error.ts'
import type { ConfigFault } from '../pipelines/component.ts'

export interface MetadataFilter {
  readonly include_prefixes: readonly string[]
  readonly include_patterns: readonly string[]
}

export function metadataFilterField(description: string): TUnsafe<MetadataFilter> {
  return Type.Unsafe<MetadataFilter>(
    Type.Object(
      {
        include_prefixes: Type.Array(Type.String(), {
          default: [],
          description: 'Beginnings of names.',
        }),
        include_patterns: Type.Array(Type.String(), {
          default: [],
          description: 'Regular expressions, in RE2 syntax, that a part of a name matches.',
        }),
      },
      { default: {}, description },
    ),
  )
}

export function metadataFilterFaults(
  { include_patterns }: MetadataFilter,
  path: readonly string[],
): readonly ConfigFault[] {
  return include_patterns.flatMap((pattern, index) => {
    try {
      compileRegexp(pattern)
      return []
    } catch (thrown) {
      const { message } = asHeadgateError(thrown)
      return [{ path: [...path, 'include_patterns', index], message }]
    }
  })
}

/** Whether a name is chosen; undefined where none can be. */
export function chooserOf(filter: MetadataFilter): ((name: string) => boolean) | undefined {
  const { include_prefixes: prefixes, include_patterns: patterns } = filter
  if (prefixes.length === 0 && patterns.length === 0) return undefined
  const forms = patterns.map((pattern) => compileRegexp(pattern))
  return (name) =>
    prefixes.some((prefix) => name.startsWith(prefix)) || forms.some((form) => form.test(name))
}
