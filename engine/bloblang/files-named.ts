/** Which files a mapping names with `import` and `from`: a fact of its text, told without reading any of them. */
import { SyntaxProblem } from './syntax/cursor.ts'
import { parseMapping } from './syntax/parse-mapping.ts'

/** As they are spelt; none where the text does not parse. */
export function filesNamed(mapping: string): readonly string[] {
  try {
    const { imports, replacement } = parseMapping(mapping)
    return [...imports, ...(replacement === undefined ? [] : [replacement])].map(({ path }) => path)
  } catch (thrown) {
    if (thrown instanceof SyntaxProblem) return []
    throw thrown
  }
}
