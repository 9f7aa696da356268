/** What one file of the simulated disk holds, as it is read now and as a power loss would leave it. */
import { PagedBytes } from './paged-bytes.ts'
import { PendingChanges } from './pending-changes.ts'
import type { Random } from './random.ts'
import { type DiskWrite, type SurvivorPolicy, survivorsOf } from './survivors.ts'

export class SimulatedFile {
  #current = new PagedBytes()
  #durable = new PagedBytes()
  #writes = new PendingChanges<DiskWrite>()

  get length(): number {
    return this.#current.length
  }

  read(into: Uint8Array, position: number): number {
    return this.#current.read(into, position)
  }

  write(bytes: Uint8Array, position: number): void {
    // The caller may use its buffer again.
    const kept = Buffer.from(bytes)
    this.#current.write(kept, position)
    this.#writes.add({ position, bytes: kept })
  }

  /** What is written while a sync runs, it does not cover. */
  get syncMark(): number {
    return this.#writes.mark
  }

  sync(mark: number): void {
    this.#writes.sync(mark, ({ bytes, position }) => this.#durable.write(bytes, position))
  }

  failSync(): void {
    this.#writes.failSync(this.#writes.mark)
  }

  /** Of what is there and of what is durable, as rot does. */
  flip(position: number, bits: number): void {
    for (const bytes of [this.#current, this.#durable]) {
      const byte = new Uint8Array(1)
      if (bytes.read(byte, position) === 0) continue
      bytes.write(Uint8Array.of((byte[0] ?? 0) ^ bits), position)
    }
  }

  settle(policy: SurvivorPolicy, random: Random): void {
    this.#writes.settle((write, certain) => {
      const survivors = certain ? [write] : survivorsOf(write, policy, random)
      for (const { bytes, position } of survivors) this.#durable.write(bytes, position)
    })
    this.#current = new PagedBytes(this.#durable)
  }

  copy(): SimulatedFile {
    const copy = new SimulatedFile()
    copy.#current = new PagedBytes(this.#current)
    copy.#durable = new PagedBytes(this.#durable)
    copy.#writes = this.#writes.copy((write) => write)
    return copy
  }

  toBuffer(): Buffer {
    return this.#current.toBuffer()
  }
}
