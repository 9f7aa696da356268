/** Writes the set of the Connect API: each change is judged first, then made in its turn, in whole or not at all. */
import { isDeepStrictEqual } from 'node:util'
import { identityKey } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { type RefusedAction, SetRefused } from '../apply/set-refused.ts'
import type { StoredEntry } from '../catalog/catalog.ts'
import type { StreamWrite } from '../connect/connect-streams.ts'
import { judgePatch, judgeSet, judgeStream } from '../connect/judge-posted.ts'
import type { LintOptions } from '../connect/lint-stream.ts'
import type { PostedStreams, StreamsById } from '../connect/posted-streams.ts'
import {
  CONNECT_SOURCE,
  fileOfStream,
  identityOfStream,
  idOfPath,
  pathOfStream,
  type StoredStream,
} from '../connect/stored-stream.ts'
import type { PlanAnswer } from '../control-plane.ts'
import { ProblemsError } from '../problems-error.ts'
import { isEnvGranted } from '../reconcilers/grants.ts'
import { MASK } from '../sets/secret-text.ts'
import { placeText } from '../status/place-text.ts'
import { applySet, postedLoop } from './apply-set.ts'
import { putResource } from './connect-resources.ts'
import { restartPipeline } from './restart-pipeline.ts'
import type { Running } from './running.ts'
import { standDown } from './stand-down.ts'
import { entryOfStream } from './stream-entries.ts'
import { StreamTurns } from './stream-turns.ts'

type Change = (streams: StreamsById) => StreamsById | Promise<StreamsById>

export class ConnectSet {
  readonly #posted: PostedStreams
  readonly #running: Running
  readonly #turns = new StreamTurns()
  #commits: Promise<unknown> = Promise.resolve()

  constructor(posted: PostedStreams, running: Running) {
    this.#posted = posted
    this.#running = running
  }

  async create(id: string, body: Uint8Array, write: StreamWrite): Promise<PlanAnswer> {
    const lint = this.#lintOptions(write.chilled)
    const stream = await judgeStream(id, body, lint, this.#streams().get(id))
    return this.#changeStream(id, write, (streams) => {
      this.#requireOurs(id)
      if (streams.has(id)) throw new HeadgateError('AlreadyExists', 'Stream already exists')
      return new Map(streams).set(id, stream)
    })
  }

  async replace(id: string, body: Uint8Array, write: StreamWrite): Promise<PlanAnswer> {
    const lint = this.#lintOptions(write.chilled)
    const stream = await judgeStream(id, body, lint, this.#streams().get(id))
    return this.#changeOne(id, write, async (before) =>
      pausedAs(before, hasMask(body) ? await judgeStream(id, body, lint, before) : stream),
    )
  }

  merge(id: string, body: Uint8Array, write: StreamWrite): Promise<PlanAnswer> {
    return this.#changeOne(id, write, async (before) => {
      const options = this.#lintOptions(write.chilled)
      return pausedAs(before, await judgePatch(body, options, before))
    })
  }

  remove(id: string, write: StreamWrite): Promise<PlanAnswer> {
    return this.#changeOne(id, write, () => undefined)
  }

  /** Stops it where it is, or lets it run on. */
  pause(id: string, paused: boolean): Promise<PlanAnswer> {
    const write = { chilled: false, dryRun: false }
    return this.#changeStream(id, write, (streams) => {
      const { paused: _, ...stream } = this.#known(id, streams)
      return new Map(streams).set(id, paused ? { ...stream, paused } : stream)
    })
  }

  async replaceAll(body: Uint8Array, write: StreamWrite): Promise<PlanAnswer> {
    try {
      return await this.#replaceAll(body, write)
    } catch (error) {
      throw refusedByStream(error, this.#streams())
    }
  }

  async #replaceAll(body: Uint8Array, write: StreamWrite): Promise<PlanAnswer> {
    const lint = this.#lintOptions(write.chilled)
    const judged = await judgeSet(body, lint, this.#streams())
    const change: Change = async (streams) => {
      const next = hasMask(body) ? await judgeSet(body, lint, streams) : judged
      const refused = [...next.keys()].flatMap((id) => this.#refusedAsForeign(id))
      if (refused.length > 0) throw new SetRefused(NOTHING_CHANGED, refused)
      return new Map([...next].map(([id, stream]) => [id, pausedAs(streams.get(id), stream)]))
    }
    if (write.dryRun) return this.#change(write, change)
    return this.#turns.all(async () => {
      using _stops = this.#stopAs(write, this.#streams().keys())
      return await this.#inTurn(() => this.#change(write, change))
    })
  }

  async putResource(
    type: string,
    label: string,
    body: Uint8Array,
    write: StreamWrite,
  ): Promise<void> {
    const lint = this.#lintOptions(write.chilled)
    const put = async (): Promise<void> => {
      this.#requireExpected(write)
      await putResource(type, label, body, lint, write, this.#running)
    }
    await (write.dryRun ? put() : this.#inTurn(put))
  }

  /** Whatever ended runs again: whoever writes a stream anew wants it to run. */
  async #changeOne(
    id: string,
    write: StreamWrite,
    change: (before: StoredStream) => StoredStream | undefined | Promise<StoredStream | undefined>,
  ): Promise<PlanAnswer> {
    const key = identityKey(identityOfStream(id))
    return this.#changeStream(
      id,
      write,
      async (streams) => {
        const after = await change(this.#known(id, streams))
        const changed = new Map(streams)
        if (after === undefined) changed.delete(id)
        else changed.set(id, after)
        return changed
      },
      async ({ plan }) => {
        const isTouched = plan.actions.some(({ identity }) => identityKey(identity) === key)
        const state = this.#running.reconcilers.runner.state(key)
        if (!isTouched && state?.completed === true)
          await restartPipeline(identityOfStream(id), this.#running)
      },
    )
  }

  /**
   * What may take long, that the stream stops, comes before the change and holds nobody else up: by then it is known
   * what the change amounts to, and the replacement is built.
   */
  async #changeStream(
    id: string,
    write: StreamWrite,
    change: Change,
    andThen?: (answer: PlanAnswer) => Promise<void>,
  ): Promise<PlanAnswer> {
    if (write.dryRun) return this.#change(write, change)
    return this.#turns.one(id, async () => {
      using _stops = this.#stopAs(write, [id])
      await using _stood = await standDown(identityOfStream(id), this.#running, async () => {
        const { plan } = await this.#change({ ...write, dryRun: true }, change)
        return plan
      })
      return await this.#inTurn(async () => {
        const answer = await this.#change(write, change)
        await andThen?.(answer)
        return answer
      })
    })
  }

  /** What a change was judged by is what it changes: but for a dry run, nothing else is changed meanwhile. */
  async #change(write: StreamWrite, change: Change): Promise<PlanAnswer> {
    const { dryRun } = write
    this.#requireExpected(write)
    const before = this.#streams()
    const after = await change(before)
    const files = [...after.values()].map((stream) => fileOfStream(stream))
    const request = { files, dryRun, isExplicit: true, touches: changedFiles(before, after) }
    const { plan, problems } = await applySet(CONNECT_SOURCE, request, this.#running)
    return { plan, problems }
  }

  #requireExpected({ expectedDigests }: StreamWrite): void {
    const digest = this.#posted.digest()
    if (expectedDigests === undefined || expectedDigests.includes(digest)) return
    throw new HeadgateError(
      'StateMoved',
      `the set of streams is another one now: expected ${expectedDigests.join(' or ')}, got ${digest}`,
      { hint: 'Read it again, and repeat the change on what is there now.' },
    )
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#commits.then(work)
    this.#commits = mine.catch(() => undefined)
    return mine
  }

  /** What is in force: after a rollback that is not what was posted last, and what another source took is not ours. */
  #streams(): StreamsById {
    const { chronicle, catalog } = this.#running
    const isPinned = chronicle.history.pin(CONNECT_SOURCE) !== undefined
    const streams = isPinned ? acceptedStreams(catalog.entries.all().values()) : this.#posted.all()
    return new Map([...streams].filter(([id]) => this.#refusedAsForeign(id).length === 0))
  }

  #known(id: string, streams: StreamsById): StoredStream {
    this.#requireOurs(id)
    const stream = streams.get(id)
    if (stream === undefined) throw new HeadgateError('NotFound', 'Stream not found')
    return stream
  }

  #requireOurs(id: string): void {
    const [refused] = this.#refusedAsForeign(id)
    if (refused !== undefined) throw new HeadgateError('Conflict', refused.message)
  }

  #refusedAsForeign(id: string): readonly RefusedAction[] {
    const entry = entryOfStream(id, this.#running)
    if (entry === undefined || entry.owner === CONNECT_SOURCE) return []
    const message = ownedBy(id, entry)
    return [{ identity: entry.identity, verb: 'create', because: 'held', message }]
  }

  /** Stops take as long as the caller lets them, and no longer than he waits. */
  #stopAs({ stopMs, signal }: StreamWrite, ids: Iterable<string>): Disposable {
    const { runner } = this.#running.reconcilers
    const stack = new DisposableStack()
    for (const id of ids) {
      const key = identityKey(identityOfStream(id))
      if (stopMs !== undefined) stack.use(runner.stopWithin(key, stopMs))
      if (signal !== undefined) stack.use(runner.stopAtOnceAfter(key, signal))
    }
    return stack
  }

  #lintOptions(chilled: boolean): LintOptions {
    const { options } = this.#running
    const { grants, scope } = postedLoop(CONNECT_SOURCE, this.#running).declaration
    return {
      chilled,
      authority: { source: CONNECT_SOURCE, scope, grants, directory: options.directory },
      env: (name) => (isEnvGranted(name, grants) ? options.env[name] : undefined),
      inspect: (config) => options.builders.inspectPipeline(config),
    }
  }
}

const NOTHING_CHANGED = 'Nothing of the set was changed.'

function ownedBy(id: string, { owner, origin }: StoredEntry): string {
  if (owner === '') return `stream ${id} is owned by no source: let one of them adopt it`
  const place = origin === undefined ? 'it there' : placeText(origin)
  return `stream ${id} is owned by the source ${owner}: edit ${place} instead`
}

/** What is new, changed or gone. */
function changedFiles(before: StreamsById, after: StreamsById): ReadonlySet<string> {
  const ids = new Set([...before.keys(), ...after.keys()])
  return new Set(
    [...ids].filter((id) => before.get(id) !== after.get(id)).map((id) => pathOfStream(id)),
  )
}

/** Who paused a stream lets it run again: what it is to do may change meanwhile. What is the same stays the same one. */
function pausedAs(before: StoredStream | undefined, stream: StoredStream): StoredStream {
  if (before?.paused !== true) return stream
  const paused: StoredStream = { ...stream, paused: true }
  return isDeepStrictEqual(paused, before) ? before : paused
}

/** A mask stands for what is stored when the change is made, not for what was when it was judged. */
function hasMask(body: Uint8Array): boolean {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(MASK)
}

/** What is there is updated, whatever refused it; what was found wrong with a file is refused with its stream. */
function refusedByStream(error: unknown, streams: StreamsById): unknown {
  if (error instanceof ProblemsError) {
    const wrong = error.problems.filter(({ severity }) => severity === 'error')
    const refused = wrong.map(({ file, message, hint }): RefusedAction => {
      const identity = identityOfStream(idOfPath(file))
      return { identity, verb: 'create', because: 'held', message, hint }
    })
    return refusedByStream(new SetRefused(NOTHING_CHANGED, refused), streams)
  }
  if (!(error instanceof SetRefused)) return error
  const known = new Set([...streams.keys()].map((id) => identityKey(identityOfStream(id))))
  const refused = error.refused.map((one) =>
    one.verb === 'create' && known.has(identityKey(one.identity))
      ? { ...one, verb: 'update' as const }
      : one,
  )
  return new SetRefused(error.message, refused, { cause: error })
}

function acceptedStreams(entries: Iterable<StoredEntry>): StreamsById {
  const streams = new Map<string, StoredStream>()
  for (const { identity, owner, accepted } of entries) {
    if (identity.kind !== 'Pipeline' || owner !== CONNECT_SOURCE || accepted === undefined) continue
    const { id: _, paused, ...config } = accepted.spec
    const stream = { id: accepted.id, config }
    streams.set(accepted.id, paused === true ? { ...stream, paused } : stream)
  }
  return streams
}
