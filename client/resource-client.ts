/** The resources of one kind in the namespace: read them, apply them, delete them, and watch them change. */
import type {
  AccessPolicySpec,
  PipelineSpec,
  SinkSpec,
  StreamSpec,
  StreamTypeSpec,
} from '../crds/generated/specs.gen.ts'
import type { Connection } from './connection.ts'

interface Specs {
  readonly StreamType: StreamTypeSpec
  readonly Stream: StreamSpec
  readonly AccessPolicy: AccessPolicySpec
  readonly Sink: SinkSpec
  readonly Pipeline: PipelineSpec
}

export type Kind = keyof Specs

/** What Kubernetes calls an object. */
export interface Resource<K extends Kind> {
  readonly apiVersion: 'headgate.dev/v1alpha1'
  readonly kind: K
  readonly metadata: ResourceMetadata
  readonly spec: Specs[K]
  readonly status?: Readonly<Record<string, unknown>>
}

export interface ResourceMetadata {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly generation?: number
  readonly resourceVersion?: string
  readonly uid?: string
}

export interface ResourceEvent<K extends Kind> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Resource<K>
}

export interface WatchOptions {
  /** Of a list, to hear of nothing before it; everything that there is comes first where absent. */
  readonly resourceVersion?: string
  readonly signal?: AbortSignal
}

const PLURALS: Readonly<Record<Kind, string>> = {
  StreamType: 'streamtypes',
  Stream: 'streams',
  AccessPolicy: 'accesspolicies',
  Sink: 'sinks',
  Pipeline: 'pipelines',
}
const MANAGER_DEFAULT = 'headgate-client'

export class ResourceClient<K extends Kind> {
  readonly kind: K
  readonly #connection: Connection

  constructor(connection: Connection, kind: K) {
    this.#connection = connection
    this.kind = kind
  }

  get(name: string, signal?: AbortSignal): Promise<Resource<K>> {
    return this.#connection.json('GET', this.#path(name), { signal })
  }

  async list(labelSelector?: string, signal?: AbortSignal): Promise<readonly Resource<K>[]> {
    const query = { labelSelector }
    const { items } = await this.#connection.json<{ readonly items: readonly Resource<K>[] }>(
      'GET',
      this.#path(),
      { query, signal },
    )
    return items
  }

  /** Makes it so: creates it, or changes what differs. A field that another manager owns is a conflict, unless forced. */
  apply(
    name: string,
    spec: Partial<Specs[K]>,
    { manager = MANAGER_DEFAULT, force = false, labels }: ApplyOptions = {},
  ): Promise<Resource<K>> {
    const metadata = { name, ...(labels === undefined ? {} : { labels }) }
    return this.#connection.json('PATCH', this.#path(name), {
      body: { apiVersion: 'headgate.dev/v1alpha1', kind: this.kind, metadata, spec },
      contentType: 'application/apply-patch+yaml',
      query: { fieldManager: manager, force: String(force) },
    })
  }

  async delete(name: string): Promise<void> {
    await this.#connection.send('DELETE', this.#path(name))
  }

  /** Ends when the server ends it, which it does now and then: list again, and go on from there. */
  async *watch({
    resourceVersion,
    signal,
  }: WatchOptions = {}): AsyncGenerator<ResourceEvent<K>, void, void> {
    const query = { watch: 'true', resourceVersion }
    const { body } = await this.#connection.send('GET', this.#path(), { query, signal })
    if (body === null) return
    const decoder = new TextDecoder()
    let rest = ''
    // Not every browser iterates over a body by itself.
    const reader = body.getReader()
    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        const lines = (rest + decoder.decode(read.value, { stream: true })).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) yield JSON.parse(line) as ResourceEvent<K>
      }
    } finally {
      await reader.cancel().catch(() => undefined)
    }
  }

  #path(...name: readonly string[]): string {
    return this.#connection.path(PLURALS[this.kind], ...name)
  }
}

export interface ApplyOptions {
  readonly manager?: string
  readonly force?: boolean
  readonly labels?: Readonly<Record<string, string>>
}
