/** A value as YAML, where there is no text of a person's to keep. */
import { stringify } from 'yaml'

export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}
