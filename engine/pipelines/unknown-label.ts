/** The words for a label that no entry has, and how to tell them from others: a label may come later. */
const UNKNOWN_LABEL = /^there is no entry (".*") in ([a-z_]+_resources)$/

interface UnknownLabel {
  readonly label: string
  /** Where its entry is missing, such as `cache_resources`. */
  readonly list: string
}

export function unknownLabelText(role: string, label: string): string {
  return `there is no entry ${JSON.stringify(label)} in ${role}_resources`
}

/** Undefined for any other message. */
export function unknownLabelOf(message: string): UnknownLabel | undefined {
  const [, label, list] = UNKNOWN_LABEL.exec(message) ?? []
  if (label === undefined || list === undefined) return undefined
  return { label: String(JSON.parse(label)), list }
}
