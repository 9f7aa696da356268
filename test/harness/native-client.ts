/** The few calls of the native API that several suites make. */

export interface ReadRecord {
  readonly shard: number
  readonly sequence: number
  readonly arrival: string
  readonly key?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly value?: unknown
  readonly data?: string
}

interface ReadAnswer {
  readonly records: readonly ReadRecord[]
  readonly next: string
}

const BASE = '/apis/headgate.dev/v1alpha1/namespaces/default'

/** Every record of every shard, shard by shard. */
export async function readStream(url: string, stream: string): Promise<readonly ReadRecord[]> {
  const object = (await (await fetch(`${url}${BASE}/streams/${stream}`)).json()) as {
    spec: { shards?: number }
  }
  const records: ReadRecord[] = []
  for (let shard = 0; shard < (object.spec.shards ?? 1); shard++) {
    for (let from = 'earliest'; ; ) {
      const response = await fetch(
        `${url}${BASE}/streams/${stream}/records?shard=${shard}&from=${encodeURIComponent(from)}&limit=1000`,
      )
      if (response.status !== 200)
        throw new Error(`reading ${stream}/${shard}: ${response.status} ${await response.text()}`)
      const answer = (await response.json()) as ReadAnswer
      if (answer.records.length === 0) break
      records.push(...answer.records)
      from = answer.next
    }
  }
  return records
}
