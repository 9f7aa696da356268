import { describe, expect, test } from 'vitest'
import { SharedSlot, type SlotOptions } from './shared-slot.ts'

interface Thing {
  readonly name: string
  close(): Promise<void>
}

/** What happens to the things of a slot, in order. */
function world(): {
  readonly said: string[]
  readonly options: (name: string, given?: Partial<SlotOptions<Thing>>) => SlotOptions<Thing>
} {
  const said: string[] = []
  return {
    said,
    options: (name, given = {}) => ({
      build: async () => {
        said.push(`build ${name}`)
        return { name, close: async () => void said.push(`close ${name}`) }
      },
      connect: async () => void said.push(`connect ${name}`),
      goesWithUsers: true,
      ...given,
    }),
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a shared slot', () => {
  test('makes one thing for all, when it is first used, and closes it with the last who uses it', async () => {
    const { said, options } = world()
    const slot = new SharedSlot(options('a'))
    expect(said).toEqual([])
    const [first, second] = await Promise.all([slot.open(), slot.open()])
    expect(first).toBe(second)
    slot.release()
    await settled()
    expect(said).toEqual(['build a', 'connect a'])
    slot.release()
    await settled()
    expect(said).toEqual(['build a', 'connect a', 'close a'])
    await slot.open()
    expect(said.slice(3)).toEqual(['build a', 'connect a'])
  })

  test('keeps what is in a thing that does not go with its users', async () => {
    const { said, options } = world()
    const slot = new SharedSlot(options('cache', { goesWithUsers: false }))
    await slot.open()
    slot.release()
    await settled()
    expect(said).not.toContain('close cache')
  })

  test('builds the next one before the one of now goes, and closes that once nothing of it is under way', async () => {
    const { said, options } = world()
    const slot = new SharedSlot(options('a'))
    const held = await slot.open()
    held.begin()
    await slot.replace(options('b'))
    await settled()
    expect(said).toEqual(['build a', 'connect a', 'build b', 'connect b'])
    expect(held.retired.aborted).toBe(true)
    expect((await slot.held()).value.name).toBe('b')
    held.end()
    await settled()
    expect(said.at(-1)).toBe('close a')
  })

  test('stays as it is where the next one cannot be built or connected', async () => {
    const { said, options } = world()
    const slot = new SharedSlot(options('a'))
    const held = await slot.open()
    const fails = async (): Promise<never> => {
      throw new Error('no')
    }
    await expect(slot.replace(options('b', { build: fails }))).rejects.toThrow('no')
    await expect(slot.replace(options('c', { connect: fails }))).rejects.toThrow('no')
    expect(await slot.held()).toBe(held)
    expect(held.retired.aborted).toBe(false)
    expect(said).toEqual(['build a', 'connect a', 'build c', 'close c'])
  })

  test('that nobody uses is judged, and not kept', async () => {
    const { said, options } = world()
    const slot = new SharedSlot(options('a'))
    await slot.replace(options('b'))
    expect(said).toEqual(['build b', 'close b'])
  })

  test('is tried again after a failure', async () => {
    const { options } = world()
    let tries = 0
    const slot = new SharedSlot(
      options('a', {
        connect: async () => {
          tries += 1
          if (tries === 1) throw new Error('no')
        },
      }),
    )
    await expect(slot.open()).rejects.toThrow('no')
    expect((await slot.open()).value.name).toBe('a')
  })
})
