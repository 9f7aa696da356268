/** `headgate blobl MAPPING`: runs a mapping over the JSON lines of stdin, to try one out or to use it as a filter. */
import { type CommandDefinition, flagOption, type Invocation, textOption } from './command.ts'

export const blobl: CommandDefinition = {
  name: 'blobl',
  summary: 'Run a mapping over the lines of stdin, one document a line.',
  arguments: [{ name: 'MAPPING', required: false, summary: 'A Bloblang mapping; else --file.' }],
  options: [
    { flags: '-f, --file <PATH>', summary: 'The file that the mapping is in.' },
    { flags: '-p, --pretty', summary: 'Print documents over several lines.' },
    { flags: '-r, --raw', summary: 'Lines are no JSON: `this` is the bytes of the line.' },
    {
      flags: '-w, --watch',
      summary: 'Keep the lines, and run again whenever the file of the mapping changes.',
    },
  ],
  examples: [
    `echo '{"name": "ada"}' | headgate blobl 'root.name = this.name.uppercase()'`,
    'headgate blobl --file mapping.blobl < orders.jsonl > mapped.jsonl',
    'headgate blobl --watch --file mapping.blobl < sample.jsonl',
  ],
  run: runBlobl,
}

async function runBlobl(invocation: Invocation): Promise<number> {
  const [{ givenMapping, compileGiven }, { LineMapper }, { stdinChunks }] = await Promise.all([
    import('./blobl-mapping.ts'),
    import('./blobl-lines.ts'),
    import('./stdin-chunks.ts'),
  ])
  const { terminal } = invocation
  const [text] = invocation.arguments
  const options = { raw: flagOption(invocation, 'raw'), pretty: flagOption(invocation, 'pretty') }
  const path = textOption(invocation, 'file')
  if (flagOption(invocation, 'watch')) {
    const { watchBlobl } = await import('./blobl-watch.ts')
    return await watchBlobl(invocation, path, options)
  }
  const mapping = await compileGiven(givenMapping(text, path), terminal)
  if (mapping === undefined) return 1
  let failed = 0
  const mapper = new LineMapper(mapping, options, ({ line, error }) => {
    failed++
    const what = error instanceof Error ? error.message : String(error)
    terminal.say(`${terminal.paint('red', 'error:')} line ${line} of stdin: ${what}`)
  })
  for await (const chunk of stdinChunks(terminal.stdin)) {
    const mapped = mapper.take(chunk)
    if (mapped.length > 0) await terminal.print(mapped)
  }
  const last = mapper.end()
  if (last.length > 0) await terminal.print(last)
  return failed === 0 ? 0 : 1
}
