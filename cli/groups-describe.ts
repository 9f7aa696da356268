/** `headgate groups describe NAME`: one consumer group, member by member and shard by shard. */
import { clientOf } from './client.ts'
import {
  type CommandDefinition,
  type Invocation,
  NAMESPACE_OPTION,
  outputOption,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'
import type { GroupObject } from './groups.ts'

export const groupsDescribe: CommandDefinition = {
  name: 'groups describe',
  summary: 'Describe a consumer group: its members, and how far each shard is behind.',
  arguments: [{ name: 'NAME', required: true, summary: 'The name of the group.' }],
  options: [NAMESPACE_OPTION, outputOption(['text', 'yaml', 'json'], 'text'), ...SERVER_OPTIONS],
  examples: ['headgate groups describe pipeline.clean'],
  run: runGroupsDescribe,
}

async function runGroupsDescribe(invocation: Invocation): Promise<number> {
  const { groupPath } = await import('./groups.ts')
  const [name = ''] = invocation.arguments
  const namespace = textOption(invocation, 'namespace') ?? 'default'
  const group = await clientOf(invocation).json<GroupObject>('GET', groupPath(namespace, name))
  const output = textOption(invocation, 'output') ?? 'text'
  if (output === 'text') await invocation.terminal.print(await groupText(group))
  else {
    const { serialised } = await import('./serialised.ts')
    await invocation.terminal.print(await serialised(group, output))
  }
  return 0
}

async function groupText({ metadata, status }: GroupObject): Promise<string> {
  const [{ ageText, counted }, { behindText, shardsText }, { byteText }, { aligned }] =
    await Promise.all([
      import('./amounts.ts'),
      import('./groups.ts'),
      import('../crds/size.ts'),
      import('./table.ts'),
    ])
  const { generation, members, lag, idleSince, shards } = status
  const head = [
    ['Name:', metadata.name],
    ['Namespace:', metadata.namespace ?? 'default'],
    ['Generation:', generation === 0 ? 'none: nobody is in it' : String(generation)],
    ...(idleSince === undefined ? [] : [['Idle since:', idleSince]]),
    [
      'Lag:',
      `${counted(lag.records, 'record')}, ${byteText(lag.bytes)}, ${behindText(lag.seconds)}`,
    ],
  ]
  const memberRows = members.map((member) => [
    member.name,
    member.stream,
    shardsText(member.shards),
    shardsText(member.leaving),
    `${ageText(member.heartbeatAgeMs)} ago`,
  ])
  const shardRows = shards.map(({ stream, shard, holder, offset, end, lag: behind }) => [
    stream,
    String(shard),
    offset === null ? '-' : String(offset),
    String(end),
    String(behind.records),
    byteText(behind.bytes),
    behindText(behind.seconds),
    holder ?? '',
  ])
  const memberHead = ['MEMBER', 'STREAM', 'SHARDS', 'LEAVING', 'SEEN']
  const shardHead = ['STREAM', 'SHARD', 'OFFSET', 'END', 'LAG', 'BYTES', 'BEHIND', 'HOLDER']
  return [
    aligned(head),
    ...(memberRows.length === 0 ? [] : [aligned([memberHead, ...memberRows])]),
    ...(shardRows.length === 0 ? [] : [aligned([shardHead, ...shardRows])]),
  ].join('\n')
}
