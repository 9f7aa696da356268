/**
 * The mappings that are measured, each beside the same work as one would write it by hand in JavaScript: JSON.parse,
 * the work, JSON.stringify. By hand nothing is sorted and no number is exact: that is the price that is measured.
 */
import { KINDS } from './documents.ts'

export interface BenchCase {
  readonly name: string
  readonly mapping: string
  /** Takes the payload and gives the payload. */
  readonly byHand: (bytes: Buffer) => Buffer
  /** The ratio to stay within whatever the document; else what its size and its numbers ask for. */
  readonly most?: number
}

interface Item {
  readonly sku: string
  readonly price: number
  readonly quantity: number
}

interface Order {
  readonly id: number
  readonly kind: string
  readonly name: string
  readonly at: string
  readonly price: number
  readonly quantity: number
  readonly paid: boolean
  readonly ref: string
  readonly note: string
  readonly items?: readonly Item[]
}

const parse = (bytes: Buffer): Order => JSON.parse(bytes.toString()) as Order
const print = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const REF = /^order-([0-9]+)-([a-z]{2})$/

export function benchCases(items: number): readonly BenchCase[] {
  return [
    {
      name: 'unassigned root',
      mapping: 'let id = 1',
      byHand: (bytes) => print(parse(bytes)),
      most: 0.2,
    },
    { name: 'root = this', mapping: 'root = this', byHand: (bytes) => print(parse(bytes)) },
    {
      name: 'pick five fields',
      mapping:
        'root.id = this.id\nroot.name = this.name\nroot.kind = this.kind\nroot.paid = this.paid\nroot.at = this.at',
      byHand: (bytes) => {
        const { id, name, kind, paid, at } = parse(bytes)
        return print({ id, name, kind, paid, at })
      },
    },
    {
      name: 'new object, arithmetic and texts',
      mapping:
        'root = {"id": this.id, "name": this.name.uppercase(), "total": this.price * this.quantity + 1.5, "short": this.note.slice(0, 10), "large": this.quantity > 3, "key": this.kind + "-" + this.ref.trim_prefix("order-")}',
      byHand: (bytes) => {
        const order = parse(bytes)
        return print({
          id: order.id,
          name: order.name.toUpperCase(),
          total: order.price * order.quantity + 1.5,
          short: order.note.slice(0, 10),
          large: order.quantity > 3,
          key: `${order.kind}-${order.ref.startsWith('order-') ? order.ref.slice(6) : order.ref}`,
        })
      },
    },
    items === 200 ? itemsCase : rangeCase,
    {
      name: 'regexp extract',
      mapping: `root.found = this.ref.re_find_object("${REF.source.replace('(', '(?P<number>').replace('([a-z]', '(?P<country>[a-z]')}")`,
      byHand: (bytes) => {
        const match = REF.exec(parse(bytes).ref)
        return print({
          found: match === null ? {} : { 0: match[0], number: match[1], country: match[2] },
        })
      },
    },
    {
      name: 'date parse and format',
      mapping:
        'root.day = this.at.ts_parse("2006-01-02T15:04:05Z07:00").ts_format("2006-01-02 15:04")',
      byHand: (bytes) => {
        const time = new Date(parse(bytes).at)
        const two = (part: number): string => String(part).padStart(2, '0')
        const day = `${time.getUTCFullYear()}-${two(time.getUTCMonth() + 1)}-${two(time.getUTCDate())}`
        return print({ day: `${day} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())}` })
      },
    },
    {
      name: 'match with ten arms',
      mapping: `root.rank = match this.paid {\n${KINDS.map((_, rank) => `  this == ${rank} => "rank-${rank}"\n`).join('')}  _ => "unknown"\n}\nroot.kind = match this.kind {\n${KINDS.toReversed()
        .map((kind, rank) => `  "${kind}" => ${rank}\n`)
        .join('')}}`,
      byHand: (bytes) => {
        const { kind, paid } = parse(bytes)
        return print({ rank: rankOf(paid), kind: numberOf(kind) })
      },
    },
  ]
}

const itemsCase: BenchCase = {
  name: 'map_each of 200 items',
  mapping:
    'root.items = this.items.map_each(item -> {"sku": item.sku.uppercase(), "total": item.price * item.quantity})',
  byHand: (bytes) =>
    print({
      items: parse(bytes).items?.map((item) => ({
        sku: item.sku.toUpperCase(),
        total: item.price * item.quantity,
      })),
    }),
}

const rangeCase: BenchCase = {
  name: 'map_each of 200 items',
  mapping: 'root.items = range(0, 200).map_each(n -> {"n": n, "total": n * this.quantity + 1})',
  byHand: (bytes) => {
    const { quantity } = parse(bytes)
    const items: unknown[] = []
    for (let n = 0; n < 200; n++) items.push({ n, total: n * quantity + 1 })
    return print({ items })
  },
}

function rankOf(paid: boolean): string {
  for (let rank = 0; rank < KINDS.length; rank++) {
    if ((paid ? 1 : 0) === rank) return `rank-${rank}`
  }
  return 'unknown'
}

function numberOf(kind: string): number | undefined {
  switch (kind) {
    case 'other':
      return 0
    case 'lease':
      return 1
    case 'repair':
      return 2
    case 'sample':
      return 3
    case 'gift':
      return 4
    case 'return':
      return 5
    case 'invoice':
      return 6
    case 'quote':
      return 7
    case 'refund':
      return 8
    case 'order':
      return 9
    default:
      return undefined
  }
}
