/** `headgate produce STREAM`: appends values from the command line or one a line from stdin. */
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  type Invocation,
  NAMESPACE_OPTION,
  outputOption,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'
import { recordsPath } from './records.ts'

/** Of one request; a pipe that never ends is sent in many. */
const BATCH_RECORDS = 1000
const BATCH_LENGTH = 1024 * 1024

export const produce: CommandDefinition = {
  name: 'produce',
  summary: 'Append records to a stream: the given values, else one a line from stdin.',
  arguments: [
    { name: 'STREAM', required: true, summary: 'The name of the stream.' },
    { name: 'VALUE', required: false, repeated: true, summary: 'JSON, or text.' },
  ],
  options: [
    NAMESPACE_OPTION,
    {
      flags: '--key <TEXT>',
      summary: 'The key of every record: equal keys go to one shard, in order.',
    },
    outputOption(['summary', 'json'], 'summary'),
    ...SERVER_OPTIONS,
  ],
  examples: [
    `headgate produce orders '{"id": 1}'`,
    'headgate produce orders --key customer-7 < orders.jsonl',
  ],
  run: runProduce,
}

async function runProduce(invocation: Invocation): Promise<number> {
  const { terminal } = invocation
  const [stream = '', ...values] = invocation.arguments
  const client = clientOf(invocation)
  const path = recordsPath(textOption(invocation, 'namespace') ?? 'default', stream)
  const key = textOption(invocation, 'key')
  const isJson = textOption(invocation, 'output') === 'json'
  let count = 0
  const batches = values.length > 0 ? [values] : batchesOf(terminal.stdin)
  try {
    for await (const batch of batches) {
      const written = await send(client, path, batch, key)
      count += written.length
      if (isJson) await terminal.print(written.map((one) => `${JSON.stringify(one)}\n`).join(''))
    }
  } finally {
    if (count > 0)
      terminal.say(`${count} ${count === 1 ? 'record' : 'records'} written to ${stream}`)
  }
  if (count === 0) terminal.say('nothing to write: give values, or lines on stdin')
  return 0
}

async function send(
  client: Client,
  path: string,
  values: readonly string[],
  key: string | undefined,
): Promise<readonly object[]> {
  const keyed = key === undefined ? '' : `"key":${JSON.stringify(key)},`
  const records = values.map((value) => `{${keyed}${valueMember(value)}}`)
  const body = `{"records":[${records.join(',')}]}`
  const answer = JSON.parse(await client.text('POST', path, body)) as { records: object[] }
  return answer.records
}

/** JSON goes as it is written, byte for byte; anything else is text. */
function valueMember(text: string): string {
  try {
    JSON.parse(text)
    return `"value":${text}`
  } catch {
    return `"data":"${Buffer.from(text).toString('base64')}"`
  }
}

/** What a terminal or a pipe gives at once is sent at once; empty lines are skipped. */
async function* batchesOf(stdin: NodeJS.ReadableStream): AsyncGenerator<readonly string[]> {
  stdin.setEncoding('utf8')
  let rest = ''
  for await (const chunk of stdin) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    yield* cut(lines)
  }
  yield* cut([rest])
}

function* cut(lines: readonly string[]): Generator<readonly string[]> {
  let batch: string[] = []
  let length = 0
  for (const line of lines.map((text) => text.replace(/\r$/, '')).filter((text) => text !== '')) {
    if (
      batch.length === BATCH_RECORDS ||
      (batch.length > 0 && length + line.length > BATCH_LENGTH)
    ) {
      yield batch
      batch = []
      length = 0
    }
    batch.push(line)
    length += line.length
  }
  if (batch.length > 0) yield batch
}
