/** Components that run commands, with real ones. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { COMMAND_ERRORS_BYTES_MAX, COMMAND_OUTPUT_BYTES_MAX } from '../processors/command.ts'
import { processorsOf, runProcessors } from '../run-processors.ts'
import { reached, runToEnd, started } from '../testing.ts'
import { CHILD_ERRORS_BYTES_MAX } from './child.ts'

let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headgate-children-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const shell = (script: string) => ({ name: 'sh', args: ['-c', script] })
const environment = () => testEnvironment({ directory })

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function pidIn(file: string): Promise<number> {
  for (;;) {
    const text = existsSync(join(directory, file))
      ? await readFile(join(directory, file), 'utf8')
      : ''
    if (text.endsWith('\n')) return Number(text)
    await setImmediate()
  }
}

async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await setImmediate()
}

describe('the command processor', () => {
  const run = (command: object, given: unknown[]) =>
    runProcessors([{ command }], given, { environment: environment() })
  const script = (text: string) => ({ name: 'sh', args_mapping: `["-c", ${JSON.stringify(text)}]` })

  test('gives each message to a process of its own', async () => {
    const { messages } = await run(script('cat; printf " $$"'), ['a', 'b'])
    const texts = messages.map((message) => Buffer.from(message.content()).toString().split(' '))
    expect(texts.map(([text]) => text)).toEqual(['a', 'b'])
    expect(new Set(texts.map(([, pid]) => pid)).size).toBe(2)
  })

  test('fails the message with what a failing command says, and leaves it as it was', async () => {
    const { batches, failures } = await run(script('echo out; echo bad >&2; exit 3'), ['a'])
    expect(batches).toEqual([['a']])
    expect(failures).toEqual(['bad'])
    expect((await run(script('exit 3'), ['a'])).failures).toEqual([
      'the command sh ended with code 3',
    ])
    expect((await run({ name: 'no-such-command' }, ['a'])).failures).toEqual([
      'cannot run the command no-such-command: ENOENT',
    ])
  })

  test('keeps what a succeeding command says beside its output', async () => {
    const { messages } = await run(script('echo hint >&2; printf x'), ['a'])
    expect(messages[0]?.metadata('command_stderr')).toBe('hint')
  })

  test('takes the command and its arguments from the message', async () => {
    const { batches } = await run({ name: '${! this.run }', args_mapping: 'this.with' }, [
      { run: 'echo', with: ['-n', 1] },
    ])
    expect(batches).toEqual([[1]])
    const { failures } = await run({ name: 'echo', args_mapping: 'this.with' }, [{ with: 'text' }])
    expect(failures).toEqual(['expected args_mapping to give a list'])
  })

  test('ends a command that is under way when the pipeline is closed by force', async () => {
    const force = new AbortController()
    const options = { environment: environment(), signal: force.signal }
    const running = await processorsOf([{ command: script('echo $$ > pid; sleep 1000') }], options)
    const ran = running(['a'])
    const pid = await pidIn('pid')
    force.abort()
    expect((await ran).failures).toHaveLength(1)
    await gone(pid)
  })

  test('takes as much of its output as the limit, and no more', async () => {
    const zeros = (count: number) => ({
      name: 'head',
      args_mapping: `["-c", "${count}", "/dev/zero"]`,
    })
    const { messages } = await run(zeros(COMMAND_OUTPUT_BYTES_MAX), ['a'])
    expect(messages[0]?.content()).toHaveLength(COMMAND_OUTPUT_BYTES_MAX)
    const { failures } = await run(zeros(COMMAND_OUTPUT_BYTES_MAX + 1), ['a'])
    expect(failures).toEqual([`expected at most ${COMMAND_OUTPUT_BYTES_MAX} bytes of the command`])
  })

  test('keeps as much of its standard error as the limit, and no more', async () => {
    const complaints = async (count: number) => {
      const { failures } = await run(
        script(`head -c ${count} /dev/zero | tr "\\0" x >&2; exit 1`),
        ['a'],
      )
      return failures[0]?.length
    }
    expect(await complaints(COMMAND_ERRORS_BYTES_MAX)).toBe(COMMAND_ERRORS_BYTES_MAX)
    expect(await complaints(COMMAND_ERRORS_BYTES_MAX + 1)).toBe(COMMAND_ERRORS_BYTES_MAX)
  })

  test('needs the grant to run commands', async () => {
    const { needs } = await inspectPipeline({
      input: { subprocess: { name: 'a' } },
      pipeline: { processors: [{ command: { name: 'b' } }, { subprocess: { name: 'c' } }] },
      output: { subprocess: { name: 'd' } },
    })
    expect(needs.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      'command a',
      'command b',
      'command c',
      'command d',
    ])
  })
})

describe('the subprocess processor', () => {
  const run = async (subprocess: object, given: unknown[]) => {
    const all = await processorsOf([{ subprocess }], { environment: environment() })
    return all(given)
  }

  test('asks one process about each message, line by line', async () => {
    const numbered = shell('n=0; while read -r line; do n=$((n+1)); echo "$n $line"; done')
    const { messages } = await run(numbered, ['a', 'b\nc'])
    expect(messages.map((one) => Buffer.from(one.content()).toString())).toEqual([
      '1 a',
      '2 b\n3 c',
    ])
  })

  test('fails a message with a line of the standard error', async () => {
    const picky = shell(
      'while read -r l; do if [ "$l" = b ]; then echo no >&2; else echo ok; fi; done',
    )
    const { batches, failures } = await run(picky, ['a', 'b', 'c'])
    expect(batches).toEqual([['ok', 'b', 'ok']])
    expect(failures).toEqual([undefined, 'no', undefined])
  })

  test('starts a command again that ended, and fails the message that it left', async () => {
    const mortal = shell('read -r l; echo "$l!"; read -r l; exit 7')
    const { batches, failures } = await run(mortal, ['a', 'b', 'c'])
    expect(batches).toEqual([['a!', 'b', 'c!']])
    expect(failures).toEqual([undefined, 'the command sh ended with code 7', undefined])
  })

  test.each(['length_prefixed_uint32_be', 'netstring'])('speaks %s', async (codec) => {
    const both = { codec_send: codec, codec_recv: codec }
    const { batches } = await run({ name: 'cat', ...both }, ['a\nb', '', 'c'])
    expect(batches).toEqual([['a\nb', '', 'c']])
  })

  test('fails what is answered at too great a length, and goes on', async () => {
    const long = shell('while read -r n; do printf "%0*d\\n" "$n" 1; done')
    const { failures } = await run({ ...long, max_buffer: 10 }, ['10', '100', '10'])
    expect(failures.map((text) => text?.slice(0, 26))).toEqual([
      undefined,
      'expected lines of at most ',
      undefined,
    ])
  })

  test('answers whoever asks at the same time in turn', async () => {
    const parallel = { cap: 8, processors: [{ subprocess: { name: 'cat' } }] }
    const given = Array.from({ length: 50 }, (_, n) => n)
    const { batches } = await runProcessors([{ parallel }], given, { environment: environment() })
    expect(batches.flat()).toEqual(given)
  })
})

describe('the subprocess input', () => {
  const read = async (subprocess: object, mapping = 'root = content()') => {
    const own = environment()
    const spec = {
      input: { subprocess },
      pipeline: { processors: [{ mapping }] },
      output: { stdout: {} },
    }
    const pipeline = await started(spec, own)
    const told = new Set<string | undefined>()
    using _ = pipeline.watch(() => told.add(pipeline.state().message))
    await reached(pipeline, 'completed')
    return { text: own.stdout.text, told: [...told].join('\n') }
  }

  test('reads a command to its end, the last line without a break too', async () => {
    expect((await read(shell('printf "a\\nb\\nc"'))).text).toBe('a\nb\nc\n')
  })

  test('tells that a command failed, and why, after what it wrote', async () => {
    const { text, told } = await read(shell('echo a; echo broken >&2; exit 2'))
    expect(text).toBe('a\n')
    expect(told).toContain('the command sh ended with code 2: broken')
  })

  test('tells the end of a long standard error', async () => {
    const { told } = await read(
      shell(`head -c ${2 * CHILD_ERRORS_BYTES_MAX} /dev/zero | tr "\\0" x >&2; exit 1`),
    )
    expect(/x+/.exec(told.slice(told.indexOf('code 1')))?.[0]).toHaveLength(CHILD_ERRORS_BYTES_MAX)
  })

  test('starts the command again when it ends, if that is wanted', async () => {
    const own = environment()
    const subprocess = { ...shell('echo $$'), restart_on_exit: true }
    const spec = { input: { subprocess }, output: { stdout: {} } }
    const pipeline = await started(spec, own)
    while (pipeline.state().counters.outputSent < 2) await setImmediate()
    await pipeline.stop(1_000)
    expect(new Set(own.stdout.text.trimEnd().split('\n')).size).toBeGreaterThan(1)
  })

  test('takes along what the command started, also when it is deaf and closed by force', async () => {
    const deaf = `trap "" TERM; (trap "" TERM; sleep 1000) & echo $! > pid; wait`
    const spec = { input: { subprocess: shell(deaf) }, output: { drop: {} } }
    const pipeline = await started(spec, environment())
    const pid = await pidIn('pid')
    expect(isAlive(pid)).toBe(true)
    await pipeline.stop(1)
    await gone(pid)
  })

  test('takes it along when its own process exits, whatever is under way', async () => {
    const program = `
import { buildPipeline } from ${JSON.stringify(fileURLToPath(new URL('../../pipelines/build-pipeline.ts', import.meta.url)))}
import { testEnvironment } from ${JSON.stringify(fileURLToPath(new URL('../../pipelines/testing.ts', import.meta.url)))}
const subprocess = { name: 'sh', args: ['-c', 'echo $$ > pid; sleep 1000'] }
const spec = { input: { subprocess }, output: { drop: {} } }
const pipeline = await buildPipeline(spec, testEnvironment({ directory: process.cwd() }))
await pipeline.connect()
process.stdin.on('end', () => process.exit(1)).resume()
`
    const own = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: directory,
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    const pid = await pidIn('pid')
    own.stdin?.end()
    await gone(pid)
  })

  test('does not start without its command', async () => {
    const spec = { input: { subprocess: { name: './none' } }, output: { drop: {} } }
    await expect(started(spec, environment())).rejects.toThrow(
      'cannot run the command ./none: ENOENT',
    )
  })

  test('keeps the secrets of this process from the command', async () => {
    process.env['HEADGATE_TEST_SECRET'] = 'x'
    const { text } = await read(shell('echo "[$HEADGATE_TEST_SECRET] $PATH"'))
    delete process.env['HEADGATE_TEST_SECRET']
    expect(text).toBe(`[] ${process.env['PATH']}\n`)
  })

  test('refuses a line that is longer than the limit', async () => {
    const { text, told } = await read({ ...shell('printf "12345\\n123456\\n1\\n"'), max_buffer: 5 })
    expect(text).toBe('12345\n1\n')
    expect(told).toContain('expected lines of at most 5 bytes')
  })
})

describe('the subprocess output', () => {
  const numbers = (count: number) => ({
    generate: { mapping: 'root = counter()', interval: '', count },
  })

  test('writes all, and lets the command read and end by itself', async () => {
    const subprocess = { ...shell('cat > out; echo done >> out'), codec: 'delim:;' }
    await runToEnd({ input: numbers(1_000), output: { subprocess } }, environment())
    const text = await readFile(join(directory, 'out'), 'utf8')
    expect(text.split(';')).toEqual([
      ...Array.from({ length: 1_000 }, (_, n) => `${n + 1}`),
      'done\n',
    ])
  })

  test('starts a command again that ended, and gives it what the other did not take', async () => {
    await writeFile(
      join(directory, 'once'),
      '#!/bin/sh\nif [ -e ran ]; then exec cat > out; fi\ntouch ran; exit 3\n',
    )
    await chmod(join(directory, 'once'), 0o755)
    // More than a pipe holds: the first run cannot have taken it.
    const mapping = 'root = "x".repeat(1000000)'
    const spec = {
      input: { generate: { mapping, interval: '', count: 1 } },
      output: { subprocess: { name: './once' } },
    }
    await runToEnd(spec, environment())
    expect(await readFile(join(directory, 'out'), 'utf8')).toBe(`${'x'.repeat(1_000_000)}\n`)
  })

  test('lets the input wait while the command does not read', async () => {
    const subprocess = shell('echo $$ > pid; sleep 1000')
    const mapping = 'root = "x".repeat(10000)'
    const input = { generate: { mapping, interval: '', count: 100_000 } }
    const pipeline = await started({ input, output: { subprocess } }, environment())
    const pid = await pidIn('pid')
    while (pipeline.state().counters.outputSent < 3) await setImmediate()
    expect(pipeline.state().counters.inputReceived).toBeLessThan(100)
    await pipeline.stop(1)
    await gone(pid)
  })

  test('refuses a codec for files', async () => {
    const output = { subprocess: { name: 'cat', codec: 'all-bytes' } }
    const { problems } = await inspectPipeline({ input: { stdin: {} }, output })
    expect(problems[0]).toMatchObject({ path: ['output', 'subprocess', 'codec'] })
  })
})
