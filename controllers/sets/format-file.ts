/** One file of resources, formatted: only if it is sound, and only if it then says exactly the same. */
import { resourceDigest } from './digest.ts'
import { formatYaml } from './format-yaml.ts'
import type { Inspector } from './inspector.ts'
import type { Problem } from './problem.ts'
import { type FileReading, readFile } from './read-file.ts'
import { decode } from './source-text.ts'

export type Formatted =
  /** The text is the same where nothing had to be changed. */
  | { readonly kind: 'formatted'; readonly text: string; readonly changed: boolean }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  /** It would no longer say the same: a defect of ours, from which nobody may suffer. */
  | { readonly kind: 'unsafe' }

export async function formatFile(
  path: string,
  bytes: Uint8Array,
  inspector: Inspector,
): Promise<Formatted> {
  const decoded = decode(path, bytes)
  if (!decoded.ok) return { kind: 'refused', problems: [decoded.problem] }
  const before = await readFile(path, bytes, inspector)
  const problems = [...before.problems, ...before.declarations.flatMap((one) => one.problems)]
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) return { kind: 'refused', problems: errors }
  const text = formatYaml(decoded.source.text)
  const after = await readFile(path, Buffer.from(text), inspector)
  if (meaningOf(after) !== meaningOf(before)) return { kind: 'unsafe' }
  return { kind: 'formatted', text, changed: !Buffer.from(text).equals(bytes) }
}

/** Which resources, in which order, and which documents besides. */
function meaningOf({ declarations, documents, notes, strangers }: FileReading): string {
  const digests = declarations.map((declaration) => resourceDigest(declaration))
  return JSON.stringify([digests, documents, notes.length, strangers.length])
}
