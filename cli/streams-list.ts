/** `headgate streams list`: what each stream holds and how fast it is written, sealed ones too. */
import type { ObjectMeta } from '../crds/resource.ts'
import { clientOf } from './client.ts'
import {
  ALL_NAMESPACES_OPTION,
  type CommandDefinition,
  flagOption,
  type Invocation,
  NAMESPACE_OPTION,
  outputOption,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'

export const streamsList: CommandDefinition = {
  name: 'streams list',
  summary: 'List streams with records, bytes and rates, retained ones too.',
  arguments: [],
  options: [
    NAMESPACE_OPTION,
    ALL_NAMESPACES_OPTION,
    outputOption(['table', 'yaml', 'json'], 'table'),
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate streams list', 'headgate streams list -A -o json'],
  run: runStreamsList,
}

interface UsageObject {
  readonly metadata: ObjectMeta
  readonly status: {
    readonly owner: string | null
    readonly sealed: boolean
    readonly shards: number
    readonly records: number
    readonly bytes: number
    readonly oldestRecord: string | null
    readonly recordsPerSecond: number | null
    readonly bytesPerSecond: number | null
  }
}

async function runStreamsList(invocation: Invocation): Promise<number> {
  const [{ listObjects }, { serialised }] = await Promise.all([
    import('./objects.ts'),
    import('./serialised.ts'),
  ])
  const { terminal } = invocation
  const all = flagOption(invocation, 'allNamespaces')
  const namespace = all ? undefined : (textOption(invocation, 'namespace') ?? 'default')
  const path =
    namespace === undefined
      ? '/streamusages'
      : `/namespaces/${encodeURIComponent(namespace)}/streamusages`
  const items = await listObjects(clientOf(invocation), path)
  const output = textOption(invocation, 'output') ?? 'table'
  if (output !== 'table') {
    await terminal.print(await serialised({ apiVersion: 'v1', kind: 'List', items }, output))
    return 0
  }
  if (items.length === 0) {
    const where = namespace === undefined ? '' : ` in the namespace ${namespace}`
    terminal.say(`No streams found${where}.`)
    return 0
  }
  await terminal.print(await streamsTable(items as readonly UsageObject[], all))
  return 0
}

async function streamsTable(streams: readonly UsageObject[], all: boolean): Promise<string> {
  const [{ aligned }, { ageText }, { byteText }, { realClock }] = await Promise.all([
    import('./table.ts'),
    import('./amounts.ts'),
    import('../crds/size.ts'),
    import('../engine/ports/real-clock.ts'),
  ])
  const nowMs = realClock.wallUs() / 1000
  const header = [
    'NAME',
    'SHARDS',
    'RECORDS',
    'BYTES',
    'RECORDS/S',
    'BYTES/S',
    'OLDEST',
    'OWNER',
    'STATE',
  ]
  const rows = streams.map(({ metadata, status }) => [
    ...(all ? [metadata.namespace ?? ''] : []),
    metadata.name,
    String(status.shards),
    String(status.records),
    byteText(status.bytes),
    rateText(status.recordsPerSecond),
    status.bytesPerSecond === null ? '-' : byteText(status.bytesPerSecond),
    status.oldestRecord === null ? '-' : ageText(nowMs - Date.parse(status.oldestRecord)),
    status.owner ?? '-',
    status.sealed ? 'sealed' : 'open',
  ])
  return aligned([[...(all ? ['NAMESPACE'] : []), ...header], ...rows])
}

/** Over the last minute; unknown for a moment after the server has started. */
function rateText(perSecond: number | null): string {
  if (perSecond === null) return '-'
  if (perSecond >= 10 || perSecond === 0) return String(Math.round(perSecond))
  return perSecond < 0.1 ? '<0.1' : perSecond.toFixed(1)
}
