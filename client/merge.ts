/** Several sources as one, each asked for its next once its last was taken. What one throws ends them all. */
export async function* merge<Value>(
  sources: readonly AsyncGenerator<Value, void, void>[],
): AsyncGenerator<Value, void, void> {
  const asked = new Map(sources.map((source) => [source, ask(source)]))
  try {
    while (asked.size > 0) {
      const { source, result } = await Promise.race(asked.values())
      if (result.done === true) {
        asked.delete(source)
        continue
      }
      yield result.value
      asked.set(source, ask(source))
    }
  } finally {
    // Whoever still waits for an answer ends with it; nobody waits for that here.
    for (const source of sources) void source.return().catch(() => undefined)
    for (const waiting of asked.values()) waiting.catch(() => undefined)
  }
}

interface Asked<Value> {
  readonly source: AsyncGenerator<Value, void, void>
  readonly result: IteratorResult<Value, void>
}

async function ask<Value>(source: AsyncGenerator<Value, void, void>): Promise<Asked<Value>> {
  return { source, result: await source.next() }
}
