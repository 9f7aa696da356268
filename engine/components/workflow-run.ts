/** One run of a `workflow`: each message through the stages, and what is told of the branches at the end. */
import type { MappingFailure } from '../bloblang/mapping.ts'
import { isArray, isObject } from '../bloblang/values/kind-of.ts'
import { getKey, setKey } from '../bloblang/values/set-key.ts'
import type { ObjectValue, Value } from '../bloblang/values/value.ts'
import { HeadgateError } from '../error.ts'
import type { Batch, Message } from '../pipelines/message.ts'
import type { Branch, BranchAnswer } from './branch.ts'

type Path = readonly string[]

interface Course {
  /** Undefined once a branch filtered it. */
  message: Message | undefined
  readonly skipped: Set<string>
  readonly succeeded: string[]
  readonly failed: Map<string, string>
  /** What stood at the path before. */
  readonly previous: Value | undefined
}

export class WorkflowRun {
  readonly #stages: readonly (readonly string[])[]
  readonly #branches: ReadonlyMap<string, Branch>
  /** Where it is told what became of the branches; undefined tells nothing. */
  readonly #path: Path | undefined
  readonly #failure: (thrown: unknown) => MappingFailure

  constructor(
    stages: readonly (readonly string[])[],
    branches: ReadonlyMap<string, Branch>,
    path: Path | undefined,
    failure: (thrown: unknown) => MappingFailure,
  ) {
    this.#stages = stages
    this.#branches = branches
    this.#path = path
    this.#failure = failure
  }

  async process(batch: Batch, signal: AbortSignal): Promise<readonly Batch[]> {
    const courses = batch.map((message) => this.#begin(message))
    for (const stage of this.#stages) await this.#stage(stage, courses, signal)
    const made = courses.flatMap((course) => this.#told(course) ?? [])
    return made.length === 0 ? [] : [made]
  }

  /** All branches at once, each on the messages that it is for; then their results, in the order of the stage. */
  async #stage(
    stage: readonly string[],
    courses: readonly Course[],
    signal: AbortSignal,
  ): Promise<void> {
    const asked = stage.map(async (name) => {
      const taking = courses.filter(({ message, skipped }) => message && !skipped.has(name))
      const messages = taking.flatMap(({ message }) => message ?? [])
      const answers =
        messages.length === 0 ? [] : await this.#branches.get(name)?.ask(messages, signal)
      return { name, taking, answers: answers ?? [] }
    })
    for (const { name, taking, answers } of await Promise.all(asked)) {
      for (const [index, course] of taking.entries()) this.#take(name, course, answers[index])
    }
  }

  #take(name: string, course: Course, answer: BranchAnswer | undefined): void {
    const { message } = course
    if (message === undefined || answer === undefined) return
    const result = this.#branches.get(name)?.take(message, answer)
    if (result === undefined) return
    if (result.outcome === 'failed') {
      course.failed.set(name, result.message?.failure()?.text ?? '')
      // Told at the path, it is no flag.
      if (this.#path === undefined) course.message = result.message
    } else {
      course.message = result.message
      if (result.outcome === 'skipped') course.skipped.add(name)
      else course.succeeded.push(name)
    }
  }

  #begin(message: Message): Course {
    const previous = this.#path === undefined ? undefined : at(documentOf(message), this.#path)
    const all = [...this.#branches.keys()]
    const course = { message, succeeded: [], failed: new Map<string, string>(), previous }
    if (previous === undefined || !isObject(previous)) return { ...course, skipped: new Set() }
    const apply = getKey(previous, 'apply')
    if (apply !== undefined && isArray(apply)) {
      return { ...course, skipped: new Set(all.filter((name) => !apply.includes(name))) }
    }
    const done = ['succeeded', 'skipped'].flatMap((key) => {
      const list = getKey(previous, key)
      return list !== undefined && isArray(list) ? list : []
    })
    return { ...course, skipped: new Set(all.filter((name) => done.includes(name))) }
  }

  #told(course: Course): Message | undefined {
    const { message, previous } = course
    if (message === undefined || this.#path === undefined) return message
    const document = documentOf(message)
    if (document === undefined) {
      const error = new HeadgateError(
        'MappingFailed',
        'expected an object to tell of the branches in, got something else',
        { hint: 'set meta_path to empty text for messages that are no objects' },
      )
      return message.withFailure(this.#failure(error))
    }
    const told: ObjectValue = {}
    if (course.succeeded.length > 0) setKey(told, 'succeeded', course.succeeded.toSorted())
    if (course.skipped.size > 0) setKey(told, 'skipped', [...course.skipped].toSorted())
    if (course.failed.size > 0) setKey(told, 'failed', Object.fromEntries(course.failed))
    if (previous !== undefined) setKey(told, 'previous', previous)
    return message.withValue(withAt(document, this.#path, told))
  }
}

function documentOf(message: Message): ObjectValue | undefined {
  try {
    const document = message.document()
    return isObject(document) ? document : undefined
  } catch {
    return undefined
  }
}

function at(value: Value | undefined, path: Path): Value | undefined {
  let found = value
  for (const segment of path) {
    found = found !== undefined && isObject(found) ? getKey(found, segment) : undefined
  }
  return found
}

/** A copy with the value at the path; what stands in the way is replaced. */
function withAt(value: Value | undefined, path: Path, told: Value): ObjectValue {
  const [first = '', ...rest] = path
  const copy: ObjectValue = value !== undefined && isObject(value) ? { ...value } : {}
  setKey(copy, first, rest.length === 0 ? told : withAt(getKey(copy, first), rest, told))
  return copy
}
