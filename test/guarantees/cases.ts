/**
 * What the guarantees are tested with: processors that split, group, drop, fail, archive and delay, and outputs that
 * refuse, hang and die, alone and within others.
 *
 * A message is `{"id": n}` or, parted, `{"id": n, "part": "a"}`; several may be lines of one payload.
 */
import type { Mishap } from './unreliable-server.ts'

export interface ProcessorCase {
  readonly name: string
  readonly pipeline: { readonly threads?: number; readonly processors: readonly unknown[] }
  readonly strict?: boolean
  /** What has to arrive of one message. */
  readonly becomes: (id: number) => readonly string[]
}

const asItIs = (id: number): readonly string[] => [String(id)]

export const PROCESSORS: readonly ProcessorCase[] = [
  { name: 'pass', pipeline: { processors: [] }, becomes: asItIs },
  { name: 'split', pipeline: { processors: [{ split: { size: 1 } }] }, becomes: asItIs },
  {
    name: 'part',
    pipeline: {
      processors: [
        { mapping: 'root = [{"id": this.id, "part": "a"}, {"id": this.id, "part": "b"}]' },
        { unarchive: { format: 'json_array' } },
        { split: { size: 1 } },
      ],
    },
    becomes: (id) => [`${id}a`, `${id}b`],
  },
  {
    name: 'group',
    pipeline: { processors: [{ group_by_value: { value: '${! this.id % 3 }' } }] },
    becomes: asItIs,
  },
  {
    name: 'drop',
    pipeline: {
      processors: [{ mapping: 'root = if this.id % 4 == 0 { deleted() } else { this }' }],
    },
    becomes: (id) => (id % 4 === 0 ? [] : [String(id)]),
  },
  {
    name: 'fail',
    strict: true,
    pipeline: {
      processors: [
        { mapping: 'root = if counter() % 3 == 0 { throw("not this time") } else { this }' },
        { mutation: 'root.seen = true' },
      ],
    },
    becomes: asItIs,
  },
  {
    name: 'archive',
    pipeline: { processors: [{ archive: { format: 'lines' } }] },
    becomes: asItIs,
  },
  {
    name: 'delay',
    pipeline: { threads: 4, processors: [{ sleep: { duration: '${! this.id % 3 }ms' } }] },
    becomes: asItIs,
  },
]

/** Where a case may deliver to; a place of the server ends with its mishap. */
export interface Places {
  readonly place: (mishap: Mishap) => string
  readonly stream: string
  readonly file: string
}

/** What one sink has to hold; `any`: only all of them together. */
export interface OutputCase {
  readonly name: string
  readonly output: (places: Places) => unknown
  readonly mishaps: readonly Mishap[]
  readonly stream: boolean
  readonly file: boolean
  readonly holds: 'each' | 'together'
  /** Whether a duplicate may come of it. */
  readonly exact?: boolean
}

const client = (url: string, more: object = {}): unknown => ({
  http_client: { url, verb: 'POST', retries: 0, max_in_flight: 4, ...more },
})
const stream = (name: string): unknown => ({ stream: { name } })
const file = (path: string): unknown => ({ file: { path, codec: 'lines' } })

const sends = (mishap: Mishap): OutputCase => ({
  name: `one that ${mishap}`,
  output: ({ place }) => client(place(mishap)),
  mishaps: [mishap],
  stream: false,
  file: false,
  holds: 'each',
})

export const OUTPUTS: readonly OutputCase[] = [
  sends('refuses'),
  sends('dies'),
  sends('hangs'),
  {
    name: 'a stream',
    output: (places) => stream(places.stream),
    mishaps: [],
    stream: true,
    file: false,
    holds: 'each',
    exact: true,
  },
  {
    name: 'a file',
    output: (places) => file(places.file),
    mishaps: [],
    stream: false,
    file: true,
    holds: 'each',
  },
  {
    name: 'a fallback',
    output: ({ place, ...places }) => ({
      fallback: [client(place('fails')), client(place('refuses')), stream(places.stream)],
    }),
    mishaps: ['refuses'],
    stream: true,
    file: false,
    holds: 'together',
  },
  {
    name: 'a broker to all',
    output: ({ place, ...places }) => ({
      broker: {
        pattern: 'fan_out',
        outputs: [client(place('hangs')), stream(places.stream), file(places.file)],
      },
    }),
    mishaps: ['hangs'],
    stream: true,
    file: true,
    holds: 'each',
  },
  {
    name: 'a broker in turn',
    output: ({ place, ...places }) => ({
      broker: { pattern: 'round_robin', outputs: [client(place('refuses')), file(places.file)] },
    }),
    mishaps: ['refuses'],
    stream: false,
    file: true,
    holds: 'together',
  },
  {
    name: 'a switch',
    output: ({ place, ...places }) => ({
      switch: {
        cases: [
          { check: 'content().length() % 2 == 0', output: client(place('refuses')) },
          { output: stream(places.stream) },
        ],
      },
    }),
    mishaps: ['refuses'],
    stream: true,
    file: false,
    holds: 'together',
  },
  {
    name: 'a retry',
    output: ({ place }) => ({
      retry: {
        backoff: { initial_interval: '1ms', max_interval: '2ms' },
        output: client(place('refuses')),
      },
    }),
    mishaps: ['refuses'],
    stream: false,
    file: false,
    holds: 'each',
  },
  {
    name: 'batches',
    output: ({ place }) =>
      client(place('refuses'), {
        batching: { count: 5, period: '5ms', processors: [{ archive: { format: 'lines' } }] },
      }),
    mishaps: ['refuses'],
    stream: false,
    file: false,
    holds: 'each',
  },
]

/** The messages in what a sink holds; a line that was cut by a crash is none. */
export function messagesIn(payloads: readonly string[]): readonly string[] {
  return payloads
    .flatMap((payload) => payload.split('\n'))
    .flatMap((line) => {
      try {
        const { id, part = '' } = JSON.parse(line) as { id: number; part?: string }
        return [`${id}${part}`]
      } catch {
        return []
      }
    })
}
