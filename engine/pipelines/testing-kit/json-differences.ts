/** Where two JSON documents differ: a line for each place, what was expected there and what was got. */

/** Nobody reads more. */
export const DIFFERENCES_MAX = 20

export interface JsonDifference {
  /** `.items[2].price`; empty is the document itself. */
  readonly path: string
  /** Undefined where nothing was expected. */
  readonly expected: unknown
  /** Undefined where there is nothing. */
  readonly got: unknown
}

/** With `partly`, objects may have more fields, and lists more items, in the order of what is expected. */
export function jsonDifferences(
  expected: unknown,
  got: unknown,
  partly = false,
): readonly JsonDifference[] {
  const differences: JsonDifference[] = []
  compare(expected, got, '', partly, differences)
  return differences
}

export function differenceText({ path, expected, got }: JsonDifference): string {
  const place = path === '' ? 'the document' : path
  if (expected === undefined) return `${place}: expected nothing, got ${shown(got)}`
  return `${place}: expected ${shown(expected)}, got ${got === undefined ? 'nothing' : shown(got)}`
}

type Fields = Readonly<Record<string, unknown>>

function compare(
  expected: unknown,
  got: unknown,
  path: string,
  partly: boolean,
  into: JsonDifference[],
): void {
  if (into.length >= DIFFERENCES_MAX) return
  if (Array.isArray(expected) && Array.isArray(got)) {
    if (partly) compareItemsPartly(expected, got, path, into)
    else compareItems(expected, got, path, into)
  } else if (isFields(expected) && isFields(got)) {
    compareFields(expected, got, path, partly, into)
  } else if (!Object.is(expected, got) && !(expected === 0 && got === 0)) {
    into.push({ path, expected, got })
  }
}

function compareFields(
  expected: Fields,
  got: Fields,
  path: string,
  partly: boolean,
  into: JsonDifference[],
): void {
  for (const [key, value] of Object.entries(expected)) {
    const other = Object.hasOwn(got, key) ? got[key] : undefined
    compare(value, other, `${path}${fieldText(key)}`, partly, into)
  }
  if (partly) return
  for (const [key, value] of Object.entries(got)) {
    if (Object.hasOwn(expected, key) || into.length >= DIFFERENCES_MAX) continue
    into.push({ path: `${path}${fieldText(key)}`, expected: undefined, got: value })
  }
}

function compareItems(
  expected: readonly unknown[],
  got: readonly unknown[],
  path: string,
  into: JsonDifference[],
): void {
  for (let index = 0; index < Math.max(expected.length, got.length); index++) {
    compare(expected[index], got[index], `${path}[${index}]`, false, into)
  }
}

/** Each expected item is looked for behind the one before. */
function compareItemsPartly(
  expected: readonly unknown[],
  got: readonly unknown[],
  path: string,
  into: JsonDifference[],
): void {
  let next = 0
  for (const [index, item] of expected.entries()) {
    const found = got.findIndex(
      (one, at) => at >= next && jsonDifferences(item, one, true).length === 0,
    )
    if (found >= 0) next = found + 1
    else if (into.length < DIFFERENCES_MAX) {
      // Where the lists are equally long, the item in its place is what somebody meant to change.
      if (expected.length === got.length) compare(item, got[index], `${path}[${index}]`, true, into)
      else into.push({ path: `${path}[…]`, expected: item, got: undefined })
    }
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fieldText(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

const SHOWN_LENGTH_MAX = 200

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length <= SHOWN_LENGTH_MAX ? text : `${text.slice(0, SHOWN_LENGTH_MAX)}…`
}
