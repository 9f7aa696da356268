/** The body of a `standard` request: the records, joined, in the place of `$dataset`. */

const DATASET = '$dataset'

export interface PayloadFormat {
  /** The text around and between the places of `$dataset`. */
  readonly parts: readonly Uint8Array[]
  readonly separator: Uint8Array
}

export function payloadFormat(format: string, separator: string): PayloadFormat {
  const parts = unescaped(format).split(DATASET)
  return {
    parts: parts.map((part) => Buffer.from(part)),
    separator: Buffer.from(unescaped(separator)),
  }
}

/** Bytes are joined, never decoded; what a record holds is never taken for a place of `$dataset`. */
export function formatPayload(format: PayloadFormat, records: readonly Uint8Array[]): Uint8Array {
  const dataset: Uint8Array[] = []
  for (const record of records) {
    if (dataset.length > 0) dataset.push(format.separator)
    dataset.push(record)
  }
  const [first, ...rest] = format.parts
  const chunks = first === undefined ? [] : [first]
  for (const part of rest) chunks.push(...dataset, part)
  return Buffer.concat(chunks)
}

/** Whether the body is one JSON document, which is what its Content-Type says. */
export function isJson(payload: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    return true
  } catch {
    return false
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' }

/** A form sends backslash and n where a file has a line break. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([nrt\\])/g, (_, letter: string) => ESCAPES[letter] ?? letter)
}
