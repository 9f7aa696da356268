/** A set of a hundred posted through the native API, three of them changed, until the answer: durable and in force. */
import { printRow, quantile, round } from '../figures.ts'
import { BASE, type LargeServer } from './large-server.ts'

const RESOURCES = 100
const CHANGED = 3
const POSTS = 30

export async function benchPostedSet(server: LargeServer): Promise<void> {
  await post(server, 0)
  const tookMs: number[] = []
  for (let turn = 1; turn <= POSTS; turn++) {
    const startedMs = performance.now()
    await post(server, turn)
    tookMs.push(performance.now() - startedMs)
  }
  printRow(`a set of ${RESOURCES} posted, ${CHANGED} changed`, {
    p50: `${round(quantile(tookMs, 0.5))} ms`,
    p99: `${round(quantile(tookMs, 0.99))} ms`,
  })
}

async function post(server: LargeServer, turn: number): Promise<void> {
  const files = Array.from({ length: RESOURCES }, (_, index) => ({
    path: `stream-${index}.yaml`,
    text: `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata:\n  name: posted-${index}\n  labels:\n    turn: "${index < CHANGED ? turn : 0}"\nspec: {}\n`,
  }))
  const response = await fetch(`${server.url}${BASE}/sources/posted/apply`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ files }),
  })
  if (!response.ok) throw new Error(`the set was refused: ${await response.text()}`)
  await response.arrayBuffer()
}
