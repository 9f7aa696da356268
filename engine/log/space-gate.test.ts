import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../error.ts'
import type { Disk, DiskSpace } from '../ports/disk.ts'
import type { Logger } from '../ports/logger.ts'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { SimulatedDisk } from '../ports/simulated-disk.ts'
import {
  openSpaceGate,
  RESERVE_BYTES_MAX,
  RESERVE_BYTES_MIN,
  reserveOf,
  SPACE_LOOK_BYTES,
  SPACE_LOOK_MS,
  SPACE_LOOK_WHILE_LOW_MS,
  type SpaceGate,
} from './space-gate.ts'

const MIB = 1024 * 1024
const TOTAL = 1000 * MIB

interface World {
  readonly clock: SimulatedClock
  readonly gate: SpaceGate
  readonly lines: string[]
  /** How often the disk was asked. */
  looks(): number
  leave(freeBytes: number): void
  /** From now on looking fails. */
  blind(): void
}

async function worldOf(freeBytes: number, reserveBytes?: number): Promise<World> {
  const clock = new SimulatedClock()
  const simulated = new SimulatedDisk(new SeededRandom(1))
  let looks = 0
  let space: DiskSpace | undefined = { freeBytes, totalBytes: TOTAL }
  const disk: Disk = {
    files: simulated.files,
    directories: {
      ...simulated.directories,
      space: async () => {
        looks++
        if (space === undefined) throw Object.assign(new Error('EIO'), { code: 'EIO' })
        return space
      },
    },
  }
  const lines: string[] = []
  const say = (message: string): void => void lines.push(message)
  const logger: Logger = { debug: say, info: say, warn: say, error: say }
  const given = reserveBytes === undefined ? {} : { reserveBytes }
  const gate = await openSpaceGate({ disk, directory: '/data', clock, logger, ...given })
  return {
    clock,
    gate,
    lines,
    looks: () => looks,
    leave: (bytes) => {
      space = { freeBytes: bytes, totalBytes: TOTAL }
    },
    blind: () => {
      space = undefined
    },
  }
}

const append = (gate: SpaceGate, bytes = 100): HeadgateError | undefined =>
  refusal(() => gate.admit([{ stream: 'a', incarnation: 1, batch: new Uint8Array(bytes) }]))

function refusal(call: () => void): HeadgateError | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (error instanceof HeadgateError) return error
    throw error
  }
}

describe('the reserve', () => {
  test('is a twentieth of the disk, within bounds', () => {
    expect(reserveOf(10 * 1024 * MIB)).toBe(512 * MIB)
    expect(reserveOf(20 * RESERVE_BYTES_MIN)).toBe(RESERVE_BYTES_MIN)
    expect(reserveOf(20 * (RESERVE_BYTES_MIN + MIB))).toBe(RESERVE_BYTES_MIN + MIB)
    expect(reserveOf(4 * RESERVE_BYTES_MIN)).toBe(RESERVE_BYTES_MIN)
    expect(reserveOf(4 * MIB)).toBe(MIB)
    expect(reserveOf(2 ** 50)).toBe(RESERVE_BYTES_MAX)
  })
})

describe('the gate of low space', () => {
  test('refuses from the first byte under the reserve on, and says all there is to know', async () => {
    const { gate: enough } = await worldOf(RESERVE_BYTES_MIN)
    expect(append(enough)).toBeUndefined()
    expect(enough.lowSpace()).toBeUndefined()
    const { gate: low } = await worldOf(90 * MIB)
    expect(append(low)).toMatchObject({
      code: 'DiskFull',
      message:
        'expected more than 140.8 MiB free on the disk of /data, got less; appends are refused until then',
      hint: expect.stringContaining('Make room'),
      retryAfterMs: SPACE_LOOK_WHILE_LOW_MS,
      class: { status: 507, retry: 'backoff' },
    })
    expect(refusal(() => low.admitStream())?.code).toBe('DiskFull')
    expect(low.lowSpace()).toBe(
      'the disk of /data has 90.0 MiB free, under the reserve of 128.0 MiB: appends are refused until more than 140.8 MiB are',
    )
    const { gate: byOne } = await worldOf(RESERVE_BYTES_MIN - 1)
    expect(append(byOne)?.code).toBe('DiskFull')
  })

  test('lets through what makes nothing grow', async () => {
    const { gate } = await worldOf(0)
    gate.admit([])
    gate.released()
    gate.removed()
    gate.load()
  })

  test('begins and ends by itself under writes, ends well above the reserve, with one line each', async () => {
    const { clock, gate, leave, lines } = await worldOf(200, 100)
    leave(99)
    await clock.advance(SPACE_LOOK_MS)
    // The look goes beside the write that set it off.
    expect(append(gate)).toBeUndefined()
    await gate.look()
    expect(append(gate)?.code).toBe('DiskFull')
    leave(110)
    await gate.look()
    expect(append(gate)?.code).toBe('DiskFull')
    expect(gate.lowSpace()).toContain('hardly above the reserve')
    leave(111)
    await gate.look()
    expect(append(gate)).toBeUndefined()
    expect(gate.lowSpace()).toBeUndefined()
    expect(lines).toEqual([
      'The disk is nearly full; appends are refused',
      'The disk has room again; appends are taken',
    ])
  })

  test('sees that there is room again without a write', async () => {
    const { clock, gate, leave, looks } = await worldOf(99, 100)
    await gate.look()
    leave(1_000)
    await clock.advance(SPACE_LOOK_WHILE_LOW_MS - 1)
    expect(gate.lowSpace()).toBeDefined()
    await clock.advance(1)
    expect(gate.lowSpace()).toBeUndefined()
    expect(looks()).toBe(3)
    await clock.advance(3_600_000)
    expect(looks()).toBe(3)
  })

  test('looks once a second under writes, and never when nothing is written', async () => {
    const { clock, gate, looks } = await worldOf(200, 100)
    for (let write = 0; write < 100; write++) append(gate)
    expect(looks()).toBe(1)
    await clock.advance(SPACE_LOOK_MS - 1)
    append(gate)
    expect(looks()).toBe(1)
    await clock.advance(1)
    for (let write = 0; write < 100; write++) append(gate)
    expect(looks()).toBe(2)
    await clock.advance(3_600_000)
    expect(looks()).toBe(2)
  })

  test('looks sooner when much is written', async () => {
    const { gate, looks } = await worldOf(200, 100)
    append(gate, SPACE_LOOK_BYTES - 1)
    append(gate, 1)
    expect(looks()).toBe(1)
    append(gate, 1)
    expect(looks()).toBe(2)
    await gate.look()
    append(gate, 1)
    expect(looks()).toBe(2)
  })

  test('goes by what it knew while the disk cannot be asked, and says so once', async () => {
    const { gate, blind, lines, leave } = await worldOf(99, 100)
    blind()
    await gate.look()
    await gate.look()
    expect(append(gate)?.code).toBe('DiskFull')
    expect(lines).toEqual([
      'The disk is nearly full; appends are refused',
      'The space on the disk of the data directory cannot be read',
    ])
    leave(200)
    await gate.look()
    expect(append(gate)).toBeUndefined()
  })

  test('asks no more once it is closed, and hears no late answer', async () => {
    const { clock, gate, leave, looks, lines } = await worldOf(99, 100)
    leave(1_000)
    const late = gate.look()
    gate[Symbol.dispose]()
    await late
    expect(lines).toHaveLength(1)
    await clock.advance(3_600_000)
    expect(looks()).toBe(2)
  })
})
