/** `headgate latest STREAM KEY`: prints the latest record of a key. */
import { clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  NAMESPACE_OPTION,
  outputOption,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'
import { readRecord, recordsPath } from './records.ts'

export const latest: CommandDefinition = {
  name: 'latest',
  summary: 'Print the latest record of a key of a compacted stream.',
  arguments: [
    { name: 'STREAM', required: true, summary: 'The name of the stream.' },
    { name: 'KEY', required: true, summary: 'The key, as text.' },
  ],
  options: [
    NAMESPACE_OPTION,
    { flags: '--base64', summary: 'KEY is given in base64.' },
    outputOption(['value', 'json'], 'value'),
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate latest customers customer-7', 'headgate latest customers 7 -o json'],
  run: runLatest,
}

async function runLatest(invocation: Invocation): Promise<number> {
  const [stream = '', key = ''] = invocation.arguments
  const path = recordsPath(textOption(invocation, 'namespace') ?? 'default', stream)
  const name = flagOption(invocation, 'base64') ? 'keyBase64' : 'key'
  const query = `${name}=${encodeURIComponent(key)}`
  const { json, value } = readRecord(await clientOf(invocation).text('GET', `${path}?${query}`))
  const isJson = textOption(invocation, 'output') === 'json'
  await invocation.terminal.print(`${isJson ? json : value}\n`)
  return 0
}
