/** A directory on the disk that everything is measured on: engine, raw loops and peers alike. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atEnd } from './at-end.ts'

export interface TemporaryDirectory extends Disposable {
  readonly path: string
}

export function temporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), 'headgate-bench-'))
  const remove = (): void => rmSync(path, { recursive: true, force: true })
  const registered = atEnd(remove)
  return {
    path,
    [Symbol.dispose]: () => {
      registered[Symbol.dispose]()
      remove()
    },
  }
}
