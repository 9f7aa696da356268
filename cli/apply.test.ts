import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, until, up } from '../test/harness/headgate-process.ts'

let root: string
let server: HeadgateProcess

const STREAM = (name: string, spec = ''): string =>
  `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: ${name}}\nspec: {${spec}}\n`
const five = (from: number): string =>
  [1, 2, 3, 4, 5]
    .filter((number) => number >= from)
    .map((number) => STREAM(`n${number}`, 'deletionPolicy: Delete'))
    .join('---\n')

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'headgate-apply-'))
  const folder = join(root, 'config')
  mkdirSync(folder)
  writeFileSync(join(folder, 'all.yaml'), STREAM('orders'))
  server = await up({ folder, dataDirectory: join(root, '.data') })
})
afterAll(async () => {
  await server.kill()
  rmSync(root, { recursive: true, force: true })
})

const run = (args: readonly string[], input?: string): ReturnType<typeof headgate> =>
  headgate([...args, '--server', server.url], {
    workingDirectory: root,
    ...(input === undefined ? {} : { input }),
  })

describe('apply', () => {
  test('shows the plan, carries it out, and says when there is nothing to do', async () => {
    const dry = await run(['apply', '-', '--source', 'shop', '--dry-run'], five(1))
    expect([dry.status, dry.stderr]).toEqual([0, ''])
    expect((await run(['get', 'stream', 'n1'])).status).toBe(1)
    const first = await run(['apply', '-', '--source', 'shop'], five(1))
    expect([first.status, first.stdout]).toEqual([
      0,
      expect.stringContaining('  + create Stream n1  (stdin):1:1\n'),
    ])
    expect(first.stderr).toMatch(/source shop is as declared, revision 1\n$/)
    const again = await run(['apply', '-', '--source', 'shop'], five(1))
    expect([again.status, again.stdout, again.stderr]).toEqual([
      0,
      'Nothing to change: 5 resources as declared.\n',
      '',
    ])
    expect((await run(['history', 'shop'])).stdout).toMatch(/\n1 .* apply +applied .*5 create\n$/)
  })

  test('refuses to remove too much, says what it would cost, and what lets it happen', async () => {
    await run(['produce', 'n1', '{"n": 1}', '{"n": 2}'])
    const refused = await run(['apply', '-', '--source', 'shop', '--yes'], five(5))
    expect(refused.status).toBe(1)
    expect(refused.stdout).toContain('! delete Stream n1  held back [OverBudget]')
    expect(refused.stdout).toContain(
      'What is held back would destroy 2 records (84 B) of Stream n1.',
    )
    expect(refused.stderr).toContain('error: 4 removals held back, so nothing was changed')
    const [, digest = ''] =
      /headgate apply - --source shop --approve ([0-9a-f]{64})\n/.exec(refused.stderr) ?? []
    const wrong = await run(['apply', '-', '--source', 'shop', '--approve', 'abc'], five(5))
    expect(wrong.status).toBe(1)
    const done = await run(['apply', '-', '--source', 'shop', '--approve', digest], five(5))
    expect([done.status, done.stderr]).toEqual([
      0,
      expect.stringContaining('is as declared, revision 2'),
    ])
    expect((await run(['get', 'streams', '-o', 'name'])).stdout).toBe('stream/n5\nstream/orders\n')
  })

  test('asks before something goes, and needs --yes where nobody can be asked', async () => {
    await run(['apply', '-', '--source', 'few'], `${STREAM('a')}---\n${STREAM('b')}`)
    const asked = await run(['apply', '-', '--source', 'few'], STREAM('a'))
    expect([asked.status, asked.stderr]).toEqual([2, expect.stringContaining('expected --yes')])
    const done = await run(['apply', '-', '--source', 'few', '--yes'], STREAM('a'))
    expect([done.status, done.stdout]).toEqual([0, expect.stringContaining('- retain Stream b')])
  })

  test('shows every mistake with its line, and changes nothing', async () => {
    const bad = `${STREAM('fine')}---\n${STREAM('A_B', 'shads: 1')}`
    for (const args of [
      ['apply', '-', '--source', 'shop'],
      ['plan', '-', '--source', 'newer'],
    ]) {
      const { status, stdout, stderr } = await run(args, bad)
      expect([status, stdout]).toEqual([1, ''])
      expect(stderr).toContain('(stdin):9:8: ')
      expect(stderr).toContain('^^^')
      expect(stderr).toMatch(/2 errors: nothing was changed\.\n$/)
    }
  })

  test('is whole or not at all, and says what stands in the way', async () => {
    const { status, stdout, stderr } = await run(['apply', 'config', '--source', 'shop'])
    expect([status, stdout]).toEqual([1, expect.stringContaining('held back [Conflict]')])
    expect(stderr).toContain('it cannot be applied in whole: Stream default/orders')
  })

  test.each([
    [['apply', 'config'], 2, 'headgate apply config --source shop'],
    [['apply', 'config', '--source', 'Shop'], 2, '--source: expected lower-case'],
    [['apply', 'nowhere', '--source', 'shop'], 2, 'there is no file or folder nowhere'],
    [['apply', 'config', '--source', 'local'], 1, 'takes no posted sets'],
  ])('%s is told what is wrong with it', async (args, exit, message) => {
    const { status, stderr } = await run(args)
    expect([status, stderr]).toEqual([exit, expect.stringContaining(message)])
  })
})

describe('a saved plan', () => {
  test('is carried out as it was shown, once, and never after the state has moved', async () => {
    const plan = join(root, 'saved.plan')
    const saved = await run(['plan', '-', '--source', 'saved', '--out', 'saved.plan'], STREAM('s1'))
    expect([saved.status, saved.stderr]).toEqual([
      0,
      'saved; to carry out exactly this: headgate apply saved.plan\n',
    ])
    expect(statSync(plan).mode & 0o777).toBe(0o600)
    const other = await run(['apply', 'saved.plan', '--source', 'shop'])
    expect([other.status, other.stderr]).toEqual([
      2,
      expect.stringContaining('is a plan for the source saved, not for shop'),
    ])
    expect((await run(['apply', 'saved.plan'])).status).toBe(0)
    const moved = await run(['apply', 'saved.plan'])
    expect([moved.status, moved.stderr]).toEqual([
      1,
      expect.stringContaining('error: the state has moved since this plan was made\n'),
    ])
  })

  test('is refused where it is cut, or of another form', async () => {
    await run(['plan', '-', '--source', 'cut', '--out', 'cut.plan'], STREAM('c'))
    const text = readFileSync(join(root, 'cut.plan'), 'utf8')
    writeFileSync(join(root, 'cut.plan'), text.slice(0, -20))
    writeFileSync(join(root, 'newer.plan'), text.replace('saved-plan.v1', 'saved-plan.v9'))
    writeFileSync(join(root, 'part.plan'), '{"format":"headgate.dev/saved-plan.v1"}')
    for (const [file, because] of [
      ['cut.plan', 'it is cut or damaged'],
      ['newer.plan', 'its format is headgate.dev/saved-plan.v9'],
      ['part.plan', 'a part of it is missing'],
    ] as const) {
      const { status, stderr } = await run(['apply', file])
      expect([status, stderr]).toEqual([2, expect.stringContaining(because)])
    }
  })
})

describe('single resources', () => {
  const post = async (name: string): Promise<void> => {
    const body = { apiVersion: 'headgate.dev/v1alpha1', kind: 'Stream', metadata: { name } }
    const spec = { deletionPolicy: 'Delete' }
    const url = `${server.url}/apis/headgate.dev/v1alpha1/namespaces/default/streams`
    const { status } = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, spec }),
    })
    expect(status).toBe(201)
    await until('it to be there', async () => {
      const { stdout } = await run(['get', 'stream', name])
      return stdout.includes('Available') || undefined
    })
  }

  test('are deleted at once, and only by who knows what goes with them', async () => {
    await post('wild')
    await run(['produce', 'wild', '{"n": 1}'])
    const dry = await run(['delete', 'stream/wild', '--dry-run'])
    expect([dry.status, dry.stderr]).toEqual([0, 'stream/wild could be deleted\n'])
    const asked = await run(['delete', 'stream', 'wild'])
    expect([asked.status, asked.stderr]).toEqual([
      2,
      expect.stringMatching(/^destroys 1 record \(\d+ B\) of Stream wild\nerror: expected --yes/),
    ])
    const done = await run(['delete', 'stream', 'wild', '--yes'])
    expect([done.status, done.stderr]).toEqual([
      0,
      expect.stringContaining('stream/wild deleted\n'),
    ])
    expect((await run(['wait', 'stream/wild', '--for', 'delete'])).status).toBe(0)
    const declared = await run(['delete', 'stream', 'orders'])
    expect([declared.status, declared.stderr]).toEqual([1, expect.stringContaining('source local')])
    const retained = await run(['delete', 'retained', 'x'])
    expect([retained.status, retained.stderr]).toEqual([
      2,
      expect.stringContaining('headgate purge x'),
    ])
  })

  test('are imported into the folder of a source, which owns them then', async () => {
    await post('caught')
    const done = await run(['import', 'stream', 'caught'])
    expect([done.status, done.stderr]).toEqual([
      0,
      expect.stringContaining('stream/caught → config/caught.stream.yaml, owned by source local'),
    ])
    expect((await run(['plan'])).stdout).toBe('Nothing to change: 2 resources as declared.\n')
    const again = await run(['import', 'stream', 'caught'])
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('nothing to import')])
  })

  test('change their owner by decision alone', async () => {
    const transfer = await run(['transfer', 'stream', 'caught', '--to', 'nowhere'])
    expect([transfer.status, transfer.stderr]).toEqual([
      1,
      expect.stringContaining('no source nowhere'),
    ])
    const adopt = await run(['adopt', 'stream', 'caught', '--source', 'shop'])
    expect([adopt.status, adopt.stderr]).toEqual([
      1,
      expect.stringContaining('headgate transfer stream caught --to shop'),
    ])
    const release = await run(['release', 'stream', 'caught'])
    expect([release.status, release.stderr]).toEqual([0, expect.stringContaining('stays as it is')])
    rmSync(join(root, 'config/caught.stream.yaml'))
    await until('nobody to own it', async () => {
      await run(['reconcile', 'local'])
      const { stdout } = await run(['why', 'stream', 'caught'])
      return stdout.includes('owned by no source') || undefined
    })
    const back = await run(['import', 'stream/caught'])
    expect([back.status, back.stderr]).toEqual([
      0,
      expect.stringContaining('owned by source local'),
    ])
  })
})
