/** Asks the server for something that may take hours: unlike `fetch`, it waits for the answer as long as it takes. */
import { request } from 'node:http'
import { clientOf, errorOf } from './client.ts'
import type { Invocation } from './command.ts'

const BASE = '/apis/headgate.dev/v1alpha1'

/** What a 2xx answer holds; rejects with what the Status said. */
export async function patientlyAsk(
  invocation: Invocation,
  path: string,
  body: object,
): Promise<unknown> {
  const client = clientOf(invocation)
  // One that is not there is told as every other command tells it.
  await client.text('GET', '')
  const { status, text } = await post(`${client.url}${BASE}${path}`, body, invocation.signal)
  if (status >= 200 && status < 300) return JSON.parse(text)
  throw errorOf(client.url, status, text)
}

function post(
  url: string,
  body: object,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request(url, { method: 'POST', headers, signal }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
}
