/** The official protocol from the other side: topics are made, written and read without anything of ours. */
import { Admin, Consumer, type MessageToProduce, Producer } from '@platformatic/kafka'

export interface Read {
  readonly partition: number
  readonly offset: number
  readonly key: string | undefined
  readonly value: string
  readonly headers: readonly (readonly [string, string])[]
}

const base = (address: string) => ({ clientId: 'test', bootstrapBrokers: [address] })

export async function createTopic(address: string, topic: string, partitions = 1): Promise<void> {
  const admin = new Admin(base(address))
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 })
  await admin.close()
}

/** Of partition 0, everything before the offset. */
export async function deleteRecords(address: string, topic: string, offset: bigint): Promise<void> {
  const admin = new Admin(base(address))
  await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset }] }] })
  await admin.close()
}

export async function produce(
  address: string,
  messages: readonly MessageToProduce<Buffer, Buffer, Buffer, Buffer>[],
): Promise<void> {
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>(base(address))
  await producer.send({ messages: [...messages], acks: -1 })
  await producer.close()
}

/** Texts, in order, to one partition. */
export function produceTexts(
  address: string,
  topic: string,
  texts: readonly string[],
  partition = 0,
): Promise<void> {
  return produce(
    address,
    texts.map((text) => ({ topic, partition, value: Buffer.from(text) })),
  )
}

/** The next offset of the group, by partition; -1 where it committed nothing. */
export async function committedOffsets(
  address: string,
  group: string,
  topic: string,
  partitions: readonly number[] = [0],
): Promise<readonly number[]> {
  const consumer = new Consumer({ ...base(address), groupId: group })
  const offsets = await consumer.listCommittedOffsets({
    topics: [{ topic, partitions: [...partitions] }],
  })
  await consumer.close(true)
  return partitions.map((partition) => Number(offsets.get(topic)?.[partition] ?? -1n))
}

/** From the beginning, until there are so many. */
export async function consume(
  address: string,
  topic: string,
  count: number,
): Promise<readonly Read[]> {
  const consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({
    ...base(address),
    groupId: `reader-${topic}-${process.hrtime.bigint()}`,
  })
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false })
  // By place: this client gives some twice when it joins.
  const read = new Map<string, Read>()
  for await (const { partition, offset, key, value, headerEntries } of stream) {
    read.set(`${partition} ${offset}`, {
      partition,
      offset: Number(offset),
      key: key?.toString(),
      value: value.toString(),
      headers: headerEntries.map(([name, text]) => [name.toString(), text.toString()] as const),
    })
    if (read.size >= count) break
  }
  await consumer.close(true)
  return [...read.values()]
}
