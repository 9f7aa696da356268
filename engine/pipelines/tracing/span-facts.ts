/**
 * What spans say of components, in the words of OpenTelemetry's semantic conventions: who reads from the other side of a
 * stream, a topic or a request finds the same names there.
 */
import type { SpanFacts, SpanKind } from '../../ports/tracing.ts'
import type { Message } from '../message.ts'

type Attributes = Record<string, string | number>

export interface TracedComponent {
  readonly name: string
  readonly label: string
  readonly path: string
  readonly config: unknown
}

/** Of the message that an input gave; what its metadata says about its place counts. */
export function receivedFacts(message: Message, path: string): SpanFacts {
  const attributes: Attributes = { 'headgate.component.path': path }
  const text = (key: string, name: string): void => {
    const value = message.metadata(key)
    if (typeof value === 'string' || typeof value === 'number') attributes[name] = value
  }
  const stream = message.metadata('headgate_stream')
  if (typeof stream === 'string') {
    Object.assign(attributes, messaging('headgate', 'receive', stream))
    attributes['messaging.destination.partition.id'] = String(message.metadata('headgate_shard'))
    text('headgate_sequence', 'headgate.sequence')
    return { kind: 'consumer', attributes }
  }
  const topic = message.metadata('kafka_topic')
  if (typeof topic === 'string') {
    Object.assign(attributes, messaging('kafka', 'receive', topic))
    attributes['messaging.destination.partition.id'] = String(message.metadata('kafka_partition'))
    text('kafka_offset', 'messaging.kafka.offset')
    return { kind: 'consumer', attributes }
  }
  if (message.metadata('http_server_verb') === undefined) return { kind: 'internal', attributes }
  text('http_server_verb', 'http.request.method')
  text('http_server_request_path', 'url.path')
  return { kind: 'server', attributes }
}

/** Of a processor or an output. */
export function componentFacts(component: TracedComponent): SpanFacts {
  const { name, label, path, config } = component
  const own: Attributes = { 'headgate.component.path': path }
  if (label !== '') own['headgate.component.label'] = label
  const { kind, attributes } = (SENDERS[name] ?? INTERNAL)(config as Config)
  return { kind, attributes: { ...own, ...attributes } }
}

type Config = Readonly<Record<string, unknown>>
type Sender = (config: Config) => { readonly kind: SpanKind; readonly attributes: Attributes }

const INTERNAL: Sender = () => ({ kind: 'internal', attributes: {} })

const SENDERS: Readonly<Record<string, Sender>> = {
  stream: ({ name }) => ({
    kind: 'producer',
    attributes: messaging('headgate', 'send', name),
  }),
  kafka: ({ topic }) => ({
    kind: 'producer',
    attributes: messaging('kafka', 'send', topic),
  }),
  http_client: requestOf,
  http: requestOf,
  standard: () => requestOf({ verb: 'POST' }),
}

/** Nothing of the address: it may hold what is secret. */
function requestOf({ verb }: Config): ReturnType<Sender> {
  return { kind: 'client', attributes: { 'http.request.method': String(verb) } }
}

/** A destination that differs from message to message is not named. */
function messaging(
  system: string,
  operation: 'send' | 'receive',
  destination: unknown,
): Attributes {
  const attributes: Attributes = {
    'messaging.system': system,
    'messaging.operation.type': operation,
    'messaging.operation.name': operation,
  }
  const isNamed = typeof destination === 'string' && !destination.includes('${!')
  if (isNamed) attributes['messaging.destination.name'] = destination
  return attributes
}
