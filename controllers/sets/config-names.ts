/** Files beside configs that declare nothing: tests and templates are told by their names. */

const TEST_FILE = /_(?:benthos|headgate)_test(\.(?:ya?ml|json))$/i
const TEMPLATE_FILE = /\.template\.ya?ml$/i

export function isTestFile(path: string): boolean {
  return TEST_FILE.test(path)
}

/** The config that a file of tests is about: `a/b_benthos_test.yaml` → `a/b.yaml`. */
export function testedFile(path: string): string {
  return path.replace(TEST_FILE, '$1')
}

export function isTemplateFile(path: string): boolean {
  return TEMPLATE_FILE.test(path)
}
