/** The work that every pipeline row does: five fields picked of an order, one in upper case, one multiplied. */

export const MAPPING = `root.id = this.id
root.name = this.name.uppercase()
root.total = this.price * 2
root.at = this.at
root.kind = this.kind
`
export const VRL =
  '. = {"id": .id, "name": upcase!(.name), "total": (.price * 2) ?? 0, "at": .at, "kind": .kind}'
export const JQ = '{id, name: (.name | ascii_upcase), total: (.price * 2), at, kind}'

interface Order {
  readonly id: number
  readonly name: string
  readonly price: number
  readonly at: string
  readonly kind: string
}

/** The same by hand. */
export function work({ id, name, price, at, kind }: Order): object {
  return { id, name: name.toUpperCase(), total: price * 2, at, kind }
}
