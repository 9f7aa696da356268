/**
 * A process that dies at one write of its SQLite files: that statement or commit, and all that come after, never were.
 *
 * `watchWrites` holds for the test that calls it; the process lives until `dieAt` says at which write it ends.
 */
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { onTestFinished, vi } from 'vitest'

export interface Death {
  /** The write that it dies of, from 1. */
  readonly step: number
  readonly when: 'before' | 'after'
  writes: number
  dead: boolean
}

class Mortality {
  #death: Death | undefined

  /** Undefined while nothing is to happen to it. */
  get death(): Death | undefined {
    return this.#death
  }

  dieAt(step: number, when: Death['when']): Death {
    this.#death = { step, when, writes: 0, dead: false }
    return this.#death
  }

  /** The next process: it lives. */
  revive(): void {
    this.#death = undefined
  }

  get isDead(): boolean {
    return this.#death?.dead === true
  }

  /** For whatever else a process that is gone does no more. */
  expectAlive(): void {
    if (this.isDead) throw new Error('dead')
  }

  /** Every statement that writes, and every commit, is one step. */
  watchWrites(): void {
    const { run } = StatementSync.prototype
    const { exec } = DatabaseSync.prototype
    const mayDie = <T>(write: () => T): T => this.#mayDie(write)
    const isDead = (): boolean => this.isDead
    vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (
      this: StatementSync,
      ...values
    ) {
      return mayDie(() => run.apply(this, values))
    })
    vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
      if (sql === 'commit') mayDie(() => exec.call(this, sql))
      // What a process that is gone had not committed never was.
      else if (!isDead() || sql === 'rollback') exec.call(this, sql)
    })
    onTestFinished(() => {
      this.revive()
      vi.restoreAllMocks()
    })
  }

  #mayDie<T>(write: () => T): T {
    const death = this.#death
    if (death === undefined) return write()
    this.expectAlive()
    death.writes += 1
    if (death.writes < death.step) return write()
    death.dead = true
    if (death.when === 'after') write()
    throw new Error('killed')
  }
}

export const mortality: Mortality = new Mortality()
