/** What `topics` of a Kafka input names: whole topics, or partitions of topics (`orders:0`, `orders:0-5`). */
import { parted } from './broker-fields.ts'

export interface TopicSelection {
  /** Topics whose partitions the members of the group share. */
  readonly topics: readonly string[]
  /** Partitions that are read whoever else reads them, by topic. */
  readonly partitions: ReadonlyMap<string, readonly number[]>
}

/** As many as a range may span: one that is longer is a slip of the finger. */
export const PARTITIONS_MAX = 10_000

/** A sentence that says what is wrong, or what was selected. */
export function parseTopicSelection(items: readonly string[]): TopicSelection | string {
  const topics = new Set<string>()
  const partitions = new Map<string, Set<number>>()
  for (const item of parted(items)) {
    const [topic = '', range, ...more] = item.split(':')
    if (topic === '' || more.length > 0)
      return `expected a topic such as orders, orders:0 or orders:0-5, got ${JSON.stringify(item)}`
    if (range === undefined) {
      topics.add(topic)
      continue
    }
    const numbers = parseRange(range)
    if (numbers === undefined)
      return `expected partitions such as 0 or 0-5 (at most ${PARTITIONS_MAX}) after the colon, got ${JSON.stringify(item)}`
    const known = partitions.get(topic) ?? new Set()
    partitions.set(topic, known)
    for (const number of numbers) known.add(number)
  }
  if (topics.size === 0 && partitions.size === 0) return 'expected at least one topic, got none'
  if (topics.size > 0 && partitions.size > 0)
    return 'expected whole topics or partitions of topics, got both'
  return {
    topics: [...topics],
    partitions: new Map(
      [...partitions].map(([topic, known]) => [
        topic,
        [...known].sort((one, other) => one - other),
      ]),
    ),
  }
}

function parseRange(text: string): readonly number[] | undefined {
  const [, from, to = from] = /^([0-9]{1,9})(?:-([0-9]{1,9}))?$/.exec(text.trim()) ?? []
  if (from === undefined || to === undefined) return undefined
  const [first, last] = [Number(from), Number(to)]
  if (last < first || last - first >= PARTITIONS_MAX) return undefined
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
