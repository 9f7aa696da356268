/** One object for a person: names first, what it says, how it is, and what happened lately. */
import type { ResourceObject } from '../crds/resource.ts'
import type { EventObject } from './event-list.ts'
import { eventsTable } from './event-list.ts'
import { serialised } from './serialised.ts'
import { ageOf, aligned, conditionsOf } from './table.ts'
import type { Terminal } from './terminal.ts'

interface Status {
  readonly owner?: string
  readonly origin?: string
  readonly observedGeneration?: number
}

/** Told by other parts. */
const TOLD: readonly string[] = ['owner', 'origin', 'observedGeneration', 'conditions']

/** What the object does not say itself; texts may be empty. */
export interface Besides {
  readonly events: readonly EventObject[]
  readonly flow: string
  readonly letters: string
}

export async function describeText(
  object: ResourceObject,
  { events, flow, letters }: Besides,
  paint: Terminal['paintData'],
): Promise<string> {
  const status = (object.status ?? {}) as Status & Readonly<Record<string, unknown>>
  const rest = Object.fromEntries(Object.entries(status).filter(([name]) => !TOLD.includes(name)))
  const parts = [
    aligned(headOf(object, status)),
    await block('Spec', object.spec, paint),
    await block('Status', rest, paint),
    flow === '' ? '' : `${paint('bold', 'Flow')}\n${indented(flow)}`,
    letters === '' ? '' : `${paint('bold', 'Dead letters')}\n${indented(letters)}`,
    conditionsText(object, paint),
    events.length === 0
      ? ''
      : `${paint('bold', 'Events')}\n${indented(eventsTable(events, false))}`,
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function headOf(object: ResourceObject, status: Status): readonly (readonly string[])[] {
  const { metadata, kind } = object
  const { owner, origin, observedGeneration } = status
  const { name, namespace, labels, annotations, generation } = metadata
  const isCurrent = observedGeneration === undefined || observedGeneration === generation
  return [
    ['Name:', name],
    ...(namespace === undefined ? [] : [['Namespace:', namespace]]),
    ['Kind:', kind],
    ...pairs('Labels:', labels),
    ...pairs('Annotations:', annotations),
    ...(owner === undefined ? [] : [['Source:', owner]]),
    ...(origin === undefined ? [] : [['Written at:', origin]]),
    ...(generation === undefined
      ? []
      : [
          [
            'Generation:',
            isCurrent ? `${generation}` : `${generation}; ${observedGeneration} runs`,
          ],
        ]),
    ...(metadata.creationTimestamp === undefined
      ? []
      : [['Created:', `${metadata.creationTimestamp}, ${ageOf(object)} ago`]]),
  ]
}

function pairs(
  title: string,
  values: Readonly<Record<string, string>> | undefined,
): readonly (readonly string[])[] {
  return Object.entries(values ?? {}).map(([name, value], index) => [
    index === 0 ? title : '',
    `${name}=${value}`,
  ])
}

async function block(title: string, value: unknown, paint: Terminal['paintData']): Promise<string> {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return ''
  return `${paint('bold', title)}\n${indented(await serialised(value, 'yaml'))}`
}

function conditionsText(object: ResourceObject, paint: Terminal['paintData']): string {
  const conditions = conditionsOf(object)
  if (conditions.length === 0) return ''
  const rows = conditions.map(({ type, status, reason, message, lastTransitionTime = '' }) => [
    type,
    status,
    reason,
    lastTransitionTime,
    message,
  ])
  const head = ['TYPE', 'STATUS', 'REASON', 'SINCE', 'MESSAGE']
  return `${paint('bold', 'Conditions')}\n${indented(aligned([head, ...rows]))}`
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
