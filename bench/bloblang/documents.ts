/** The documents that mappings are measured on: an order with as many items as its size asks for, keys as they came. */

export interface BenchDocument {
  readonly name: string
  readonly bytes: Buffer
  /** Whether it has integers that a double cannot hold. */
  readonly isExact: boolean
  readonly isSmall: boolean
  readonly items: number
}

const SAFE_ID = 123_456_789
/** Native parsing would change it. */
const EXACT_ID = '9007199254740995123'

export function benchDocuments(): readonly BenchDocument[] {
  return [false, true].flatMap((isExact) => [
    documentOf('200 B', 200, 0, isExact),
    documentOf('1 KiB', 1024, 4, isExact),
    documentOf('20 KiB', 20 * 1024, 200, isExact),
  ])
}

function documentOf(
  name: string,
  bytesWanted: number,
  items: number,
  isExact: boolean,
): BenchDocument {
  const bytes = Buffer.from(orderText(0, bytesWanted, items, isExact))
  return {
    name: isExact ? `${name}, 64-bit` : name,
    bytes,
    isExact,
    isSmall: bytesWanted <= 200,
    items,
  }
}

/** One order as JSON text; the note fills it up to its size. */
export function orderText(
  index: number,
  bytesWanted: number,
  items: number,
  isExact: boolean,
): string {
  const id = isExact ? EXACT_ID : String(SAFE_ID + index)
  const order = {
    id: '@id',
    kind: KINDS[index % KINDS.length],
    name: 'ada lovelace',
    at: '2024-05-06T07:08:09Z',
    price: 12.75,
    quantity: 4,
    paid: true,
    ref: `order-${1000 + (index % 9000)}-de`,
    ...(items === 0
      ? {}
      : {
          email: 'ada@example.com',
          address: { street: '12 St James Square', city: 'London', postcode: 'SW1Y 4LB' },
          tags: ['new', 'gift', 'priority'],
          items: Array.from({ length: items }, (_, place) => ({
            sku: `sku-${place}`,
            price: 3.25 + place,
            quantity: 1 + (place % 7),
            title: 'a thing',
          })),
        }),
    note: '',
  }
  const text = JSON.stringify(order).replace('"@id"', id)
  const filling = 'A note of a customer, as long as it takes. '
  const missing = Math.max(0, bytesWanted - Buffer.byteLength(text))
  return text.replace(
    '"note":""',
    `"note":"${filling.repeat(Math.ceil(missing / filling.length)).slice(0, missing)}"`,
  )
}

export const KINDS: readonly string[] = [
  'order',
  'refund',
  'quote',
  'invoice',
  'return',
  'gift',
  'sample',
  'repair',
  'lease',
  'other',
]
