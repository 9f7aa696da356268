/** What has to be stopped or removed however the run ends: also when somebody interrupts it. */

const open = new Set<() => void>()

function closeAll(): void {
  for (const close of [...open].reverse()) close()
  open.clear()
}

process.once('exit', closeAll)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    closeAll()
    process.kill(process.pid, signal)
  })
}

/** Called at the end of the process, unless it was disposed before. Later ones go first. */
export function atEnd(close: () => void): Disposable {
  open.add(close)
  return { [Symbol.dispose]: () => void open.delete(close) }
}
