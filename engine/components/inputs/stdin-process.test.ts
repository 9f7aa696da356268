/** The stdin input on the standard input of a process of its own, fed through a pipe. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'

const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

const module = (path: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../../${path}`, import.meta.url)))

/** Runs pipelines from stdin to stdout, each until its phase is as wanted, one after the other. */
const PROGRAM = `
import { buildPipeline } from ${module('pipelines/build-pipeline.ts')}
import { testEnvironment } from ${module('pipelines/testing.ts')}
const { stdin, stdout } = process
const spec = { input: { stdin: {} }, output: { stdout: {} } }
async function run(isOver) {
  const pipeline = await buildPipeline(spec, { ...testEnvironment(), stdin, stdout })
  await pipeline.connect()
  while (!isOver(pipeline.state())) await new Promise(setImmediate)
  await pipeline.stop(1000)
  return pipeline.state()
}
`

interface Child {
  readonly child: ChildProcess
  /** Everything that it printed, once it ended. */
  readonly ended: Promise<{ code: number | null; text: string; errors: string }>
  /** Resolves once it printed the text. */
  printed(text: string): Promise<void>
}

function program(body: string, stdin: 'pipe' | 'ignore' = 'pipe'): Child {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', `${PROGRAM}${body}`], {
    stdio: [stdin, 'pipe', 'pipe'],
  })
  children.push(child)
  let text = ''
  let errors = ''
  child.stdout?.setEncoding('utf8').on('data', (more: string) => {
    text += more
    child.emit('printed')
  })
  child.stderr?.setEncoding('utf8').on('data', (more: string) => {
    errors += more
  })
  return {
    child,
    ended: once(child, 'close').then(([code]) => ({ code, text, errors })),
    printed: async (wanted) => {
      while (!text.includes(wanted)) await once(child, 'printed')
    },
  }
}

const TO_THE_END = `const { phase, counters } = await run(({ phase }) => phase === 'completed')
process.stderr.write(phase + ' ' + counters.inputReceived)`

describe('the standard input of a process', () => {
  test('is read as it comes, to its end, and the pipeline is then completed', async () => {
    const { child, ended, printed } = program(TO_THE_END)
    child.stdin?.write('one\ntw')
    await printed('one\n')
    child.stdin?.write('o\nzä')
    await printed('two\n')
    child.stdin?.end('hlt\nlast')
    expect(await ended).toEqual({ code: 0, text: 'one\ntwo\nzählt\nlast\n', errors: 'completed 4' })
  })

  test('that is not there is at its end', async () => {
    const { ended } = program(TO_THE_END, 'ignore')
    expect(await ended).toEqual({ code: 0, text: '', errors: 'completed 0' })
  })

  test('goes on in the pipeline that follows, in the middle of a line', async () => {
    const { child, ended, printed } = program(`
await run(({ counters }) => counters.outputSent >= 1)
process.stdout.write('--\\n')
${TO_THE_END}`)
    child.stdin?.write('one\nhal')
    await printed('--\n')
    child.stdin?.end('f\n')
    expect(await ended).toEqual({ code: 0, text: 'one\n--\nhalf\n', errors: 'completed 1' })
  })

  test('is taken no faster than the output goes, and completely', async () => {
    const { child, ended } = program(TO_THE_END)
    const line = `${'x'.repeat(999)}\n`
    child.stdin?.end(line.repeat(5_000))
    const { text, errors } = await ended
    expect(text.length).toBe(5_000_000)
    expect(errors).toBe('completed 5000')
  })
})
