/** Objects as YAML or JSON, as other tools read them. */

export async function serialised(value: object, output: string): Promise<string> {
  if (output === 'json') return `${JSON.stringify(value, null, 2)}\n`
  const { stringify } = await import('yaml')
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}
