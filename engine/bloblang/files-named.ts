/** Which files a mapping names with `import` and `from`: a fact of its text, told without reading any of them. */
import { SyntaxProblem } from './syntax/cursor.ts'
import { parseMapping } from './syntax/parse-mapping.ts'

/** Most mappings have neither word, and are not parsed for it. */
const EITHER_WORD = /\b(?:import|from)\b/

/** As they are spelt; none where the text does not parse. */
export function filesNamed(mapping: string): readonly string[] {
  if (!EITHER_WORD.test(mapping)) return []
  try {
    const { imports, replacement } = parseMapping(mapping)
    return [...imports, ...(replacement === undefined ? [] : [replacement])].map(({ path }) => path)
  } catch (thrown) {
    if (thrown instanceof SyntaxProblem) return []
    throw thrown
  }
}
