/** What the Connect API has answered is there after a SIGKILL: every stream that was posted, and none that was deleted. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HeadgateProcess, up } from '../harness/headgate-process.ts'

const STREAM =
  'input: {generate: {mapping: "root = 1", interval: 1h}}\noutput: {resource: nowhere}\n'
const POSTS = 120
/** Killed while others are under way. */
const ANSWERED_BEFORE_KILL = 80

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-connect-durable-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const start = (): Promise<HeadgateProcess> =>
  up({ folder, dataDirectory: join(folder, '.headgate') })

test('many posts are durable before they are answered', async () => {
  const answered = new Map<string, 'there' | 'gone'>()
  await using first = await start()
  const call = async (method: string, path: string, body = ''): Promise<number> => {
    const response = await fetch(first.url + path, { method, ...(body === '' ? {} : { body }) })
    await response.arrayBuffer()
    return response.status
  }
  expect(await call('POST', '/resources/output/nowhere', 'drop: {}')).toBe(200)
  const post = async (index: number): Promise<void> => {
    const id = `s${index}`
    if ((await call('POST', `/streams/${id}`, STREAM)) === 200) answered.set(id, 'there')
    if (index % 5 !== 0) return
    // Between the request and its answer, either may be.
    answered.delete(id)
    if ((await call('DELETE', `/streams/${id}`)) === 200) answered.set(id, 'gone')
  }
  const posts = Array.from({ length: POSTS }, (_, index) =>
    post(index).then(
      () => {
        if (answered.size === ANSWERED_BEFORE_KILL) first.child.kill('SIGKILL')
      },
      () => undefined,
    ),
  )
  await Promise.all(posts)
  await first.kill()
  expect(answered.size).toBeGreaterThanOrEqual(ANSWERED_BEFORE_KILL)
  await using again = await start()
  const response = await fetch(`${again.url}/streams`)
  const listed = (await response.json()) as Record<string, { active: boolean }>
  for (const [id, state] of answered) expect(id in listed, id).toBe(state === 'there')
  for (const { active } of Object.values(listed)) expect(active).toBe(true)
})
