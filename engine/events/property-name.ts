/** Names as TypeScript writes them. */

const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/

export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name)
}

/** Quoted where it is no identifier. */
export function propertyName(name: string): string {
  return isIdentifier(name) ? name : JSON.stringify(name)
}
