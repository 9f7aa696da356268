/** The text that explains an error code: what it means, what to do, and an example with its report. */

/** Undefined where there is no such code; the case of its letters does not matter. */
export async function explainCode(code: string): Promise<string | undefined> {
  const { ERROR_PAGES } = await import('./error-pages.gen.ts')
  const wanted = code.toLowerCase()
  const name = Object.keys(ERROR_PAGES).find((candidate) => candidate.toLowerCase() === wanted)
  return name === undefined ? undefined : ERROR_PAGES[name]
}
