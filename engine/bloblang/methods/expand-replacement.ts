/** `$1`, `${name}` and `$$` in the replacement of a regular expression, with the longest name that fits. */
export function expandReplacement(template: string, group: (name: string) => string): string {
  return template.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, bare?: string, braced?: string) => {
    const name = bare ?? braced
    if (name === undefined) return whole === '$$' ? '$' : whole
    return group(name)
  })
}
