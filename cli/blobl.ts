/** `headgate blobl MAPPING`: runs a mapping over the JSON lines of stdin, to try one out. */
import { createInterface } from 'node:readline'
import type { MappingProblem } from '../engine/bloblang/mapping.ts'
import type { CommandDefinition, Invocation } from './command.ts'

export const blobl: CommandDefinition = {
  name: 'blobl',
  summary: 'Run a mapping over the lines of stdin, one document a line.',
  arguments: [{ name: 'MAPPING', required: true, summary: 'A Bloblang mapping.' }],
  options: [],
  examples: [`echo '{"name": "ada"}' | headgate blobl 'root.name = this.name.uppercase()'`],
  run: runBlobl,
}

async function runBlobl(invocation: Invocation): Promise<number> {
  const [{ compileMapping }, { processEnvironment }, { Message }] = await Promise.all([
    import('../engine/bloblang/bloblang.ts'),
    import('./bloblang-environment.ts'),
    import('../engine/pipelines/message.ts'),
  ])
  const { terminal } = invocation
  const [text = ''] = invocation.arguments
  const compiled = compileMapping(text, processEnvironment())
  if (!compiled.ok) {
    for (const problem of compiled.problems) terminal.say(problemText(text, problem))
    return 1
  }
  let failed = 0
  let line = 0
  for await (const input of createInterface({
    input: terminal.stdin,
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    line++
    if (input === '') continue
    const message = Message.fromBytes(Buffer.from(input))
    try {
      const mapped = message.withResult(compiled.value.map([message], 0))
      if (mapped !== undefined)
        await terminal.print(`${Buffer.from(mapped.content()).toString()}\n`)
    } catch (error) {
      failed++
      const what = error instanceof Error ? error.message : String(error)
      terminal.say(`${terminal.paint('red', 'error:')} line ${line} of stdin: ${what}`)
    }
  }
  return failed === 0 ? 0 : 1
}

/** The line of the mapping with a caret beneath the place. */
function problemText(text: string, problem: MappingProblem): string {
  const source = text.split('\n')[problem.line - 1] ?? ''
  const gutter = `${problem.line} | `
  const caret = `${' '.repeat(gutter.length + problem.column - 1)}^`
  const lines = [
    `mapping:${problem.line}:${problem.column}: error: ${problem.message}`,
    `${gutter}${source}`,
    caret,
  ]
  if (problem.expected !== undefined && !problem.message.includes(problem.expected))
    lines.push(`  expected ${problem.expected}`)
  if (problem.hint !== undefined) lines.push(`  ${problem.hint}`)
  return lines.join('\n')
}
