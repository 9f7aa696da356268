import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, up } from '../test/harness/headgate-process.ts'
import { COMMANDS } from './commands.ts'
import { completions } from './completions.ts'

const STREAMS = ['orders', 'order-lines', 'readings']
  .map((name) => `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: ${name}}\n`)
  .join('---\n')

let root = ''
let server: HeadgateProcess

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'headgate-completion-'))
  mkdirSync(join(root, 'bin'))
  mkdirSync(join(root, 'config'))
  writeFileSync(join(root, 'config/streams.yaml'), STREAMS)
  const command = join(root, 'bin/headgate')
  writeFileSync(
    command,
    `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dirname, 'main.ts')}" "$@"\n`,
  )
  chmodSync(command, 0o755)
  server = await up({ folder: join(root, 'config'), dataDirectory: join(root, '.headgate') })
})
afterAll(() => server.kill())

/** What a real shell says in a folder with a server on its data directory. */
async function saidBy(shell: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(shell, args, {
    cwd: root,
    env: { ...process.env, PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH']}` },
  })
  return stdout.trim() === '' ? [] : stdout.trim().split('\n')
}

/** What bash offers at the end of the line. */
async function offered(line: string): Promise<readonly string[]> {
  const words = line.split(' ')
  const script = `source <(headgate completion bash)
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_headgate headgate
printf '%s\\n' "\${COMPREPLY[@]}"`
  return saidBy('bash', '-c', script)
}

/** What zsh offers: its own functions for that need a line editor, so that these stand in for them. */
async function offeredByZsh(line: string): Promise<readonly string[]> {
  const words = line.split(' ')
  const script = `compdef() { }
compadd() { print -rl -- "\${(@P)2}" }
_files() { print -r -- FILES }
source <(headgate completion zsh)
words=(${words.map((word) => `'${word}'`).join(' ')})
CURRENT=${words.length}
_headgate`
  return saidBy('zsh', '-fc', script)
}

/** What fish offers, through its own completion. */
function offeredByFish(line: string): Promise<readonly string[]> {
  return saidBy('fish', '-Nc', `headgate completion fish | source; complete -C '${line}'`)
}

const isInstalled = (shell: string): boolean => !spawnSync(shell, ['--version']).error

describe('completion in bash', () => {
  test('offers commands, their second words, options, and values of options', async () => {
    expect(await offered('headgate va')).toEqual(['validate'])
    expect(await offered('headgate groups ')).toEqual(['describe', 'list', 'reset'])
    expect(await offered('headgate pipelines ')).toEqual(['reset'])
    expect(await offered('headgate get streams --out')).toEqual(['--output'])
    expect(await offered('headgate get streams -o j')).toEqual(['json'])
  })

  test('offers kinds, topics and live names', async () => {
    expect(await offered('headgate get str')).toEqual(['streams', 'streamtypes'])
    expect(await offered('headgate get streams ord')).toEqual(['order-lines', 'orders'])
    expect(await offered('headgate get stream/re')).toEqual(['stream/readings'])
    expect(await offered('headgate describe streams read')).toEqual(['readings'])
    expect(await offered('headgate plan --source l')).toEqual(['local'])
    expect(await offered('headgate tail -n default re')).toEqual(['readings'])
    expect(await offered('headgate redrive re')).toEqual(['readings'])
    expect(await offered('headgate pipelines reset p --stream re')).toEqual(['readings'])
    expect(await offered('headgate pipelines reset p --to ')).toEqual(['earliest', 'latest'])
    expect(await offered('headgate explain Stream.spec.retention.')).toEqual([
      'Stream.spec.retention.age',
      'Stream.spec.retention.bytes',
    ])
  })

  test('offers nothing, and says nothing, where the server is away or a file is wanted', async () => {
    expect(await offered('headgate tail --server 127.0.0.1:1 ')).toEqual([])
    expect(await offered('headgate validate con')).toEqual([])
    expect(await headgate(['complete', '--', 'get', 'nonsense', ''])).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    })
  })
})

const OTHER_SHELLS: readonly (readonly [string, typeof offered])[] = [
  ['zsh', offeredByZsh],
  ['fish', offeredByFish],
]

// Those that are here; the scripts themselves are asked for below, whichever shells there are.
describe.each(OTHER_SHELLS.filter(([shell]) => isInstalled(shell)))(
  'completion in %s',
  (shell, offeredBy) => {
    test('offers commands, their second words, live names, and else files', async () => {
      const sorted = async (line: string) => (await offeredBy(line)).toSorted()
      expect(await sorted('headgate va')).toEqual(['validate'])
      expect(await sorted('headgate groups ')).toEqual(['describe', 'list', 'reset'])
      expect(await sorted('headgate get streams -o j')).toEqual(['json'])
      expect(await sorted('headgate get streams ord')).toEqual(['order-lines', 'orders'])
      const files = shell === 'zsh' ? ['FILES'] : ['config/']
      expect(await sorted('headgate validate con')).toEqual(files)
    })
  },
)

describe('the words of a command line', () => {
  const none = (): Promise<readonly string[]> => Promise.resolve([])
  const offer = (line: string): Promise<readonly string[]> =>
    completions(line.split(' '), COMMANDS, none)

  test('list every command but those for scripts', async () => {
    const words = await offer('')
    expect(words).toEqual(expect.arrayContaining(['up', 'groups', 'explain', 'help']))
    expect(words).not.toContain('complete')
  })

  test('tell options from their values, and stop at --', async () => {
    const asked: string[] = []
    await completions(
      'get streams -n team --server=http://a ab'.split(' '),
      COMMANDS,
      (name, options) => {
        asked.push(name, JSON.stringify(options))
        return none()
      },
    )
    expect(asked).toEqual(['streams', '{"--namespace":"team","--server":"http://a"}'])
    expect(await offer('get streams -o ')).toEqual(['json', 'name', 'table', 'wide', 'yaml'])
    expect(await offer('validate -- -')).toEqual([])
    expect(await offer('no-such-command ')).toEqual([])
  })
})

describe('the scripts', () => {
  test.each(['bash', 'zsh', 'fish'])(
    'of %s asks for the words before the cursor',
    async (shell) => {
      const { status, stdout } = await headgate(['completion', shell])
      expect([status, stdout]).toEqual([0, expect.stringContaining('complete -- ')])
    },
  )

  test('are of these shells alone', async () => {
    const { status, stderr } = await headgate(['completion', 'tcsh'])
    expect([status, stderr]).toEqual([2, expect.stringContaining('bash, zsh, fish')])
  })
})
