/**
 * Plants secret values wherever one may stand, in a server that is running and in files that are wrong, and looks for
 * them in everything that Headgate says: log lines, errors, plans, digests, status, metrics and every GET.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, until, up } from '../harness/headgate-process.ts'

const API = '/apis/headgate.dev/v1alpha1'
const COLLECTIONS = ['streamtypes', 'accesspolicies', 'streams', 'sinks', 'pipelines']

/** Where each one stands is part of its text, so that a leak names its source. */
const planted = {
  urlLogin: 'canary-url-login-x7Q2',
  urlPassword: 'canary-url-password-x7Q2',
  urlQuery: 'canary-url-query-x7Q2',
  headerLiteral: 'canary-header-literal-x7Q2',
  headerEnv: 'canary-header-env-x7Q2',
  headerFile: 'canary-header-file-x7Q2',
  headerSecret: 'canary-header-secret-x7Q2',
  pipelineUrl: 'canary-pipeline-url-x7Q2',
  pipelineEnv: 'canary-pipeline-env-x7Q2',
  pipelineHeader: 'canary-pipeline-header-x7Q2',
  wrongPassword: 'canary-wrong-password-x7Q2',
  wrongToken: 'canary-wrong-token-x7Q2',
  unclosed: 'canary-unclosed-x7Q2',
  rotated: 'canary-rotated-x7Q2',
} as const

/** As itself, and as what a library might make of it on the way. */
const FORMS = Object.entries(planted).flatMap(([name, value]) =>
  [
    value,
    Buffer.from(value).toString('base64').replace(/=+$/, ''),
    Buffer.from(value).toString('hex'),
  ].map((form) => ({ name, form })),
)

const resources = (header: string): string => `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: orders}
---
apiVersion: headgate.dev/v1alpha1
kind: Sink
metadata: {name: out}
spec:
  from: {stream: orders}
  endpoint:
    type: standard
    url: http://${planted.urlLogin}:${planted.urlPassword}@127.0.0.1:1/in?token=${planted.urlQuery}
    headers:
      Authorization: Bearer ${header}
      X-Token: {fromEnv: CANARY_HEADER}
      X-Secret: {fromFile: plain}
      X-Api-Key: {fromSecret: {name: api, key: token}}
  batch: {records: 1, period: 10ms}
  retry: {initial: 10ms, max: 20ms}
---
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: away}
spec:
  input: {generate: {mapping: root.a = 1, interval: 10ms}}
  output:
    http_client:
      url: http://u:${planted.pipelineUrl}@127.0.0.1:1/?access_token=\${CANARY_PIPELINE}
      headers: {Authorization: "Bearer ${planted.pipelineHeader}"}
      retries: 0
`

const WRONG = `apiVersion: headgate.dev/v1alpha1
kind: Sink
metadata: {name: wrong}
spec:
  from: {stream: orders}
  endpoint:
    type: standard
    url: ftp://u:${planted.wrongPassword}@127.0.0.1/
    headers:
      Authorization: {value: ${planted.wrongToken}}
      Password: [${planted.wrongPassword}]
---
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: wrong}
spec:
  input: {stdin: {}}
  output:
    http_client:
      urll: http://u:${planted.wrongPassword}@127.0.0.1/
      password: ${planted.wrongPassword}
      headers: {Authorization: [${planted.wrongToken}]}
`
const UNCLOSED = `apiVersion: headgate.dev/v1alpha1
kind: Sink
metadata: {name: cut}
spec:
  endpoint:
    headers:
      password: "${planted.unclosed}
`

let root = ''
let server: HeadgateProcess
/** Everything that was said, by where. */
const said = new Map<string, string>()

const environment = {
  CANARY_HEADER: planted.headerEnv,
  CANARY_PIPELINE: planted.pipelineEnv,
}
const write = (path: string, text: string): void => {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), text)
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'headgate-canary-'))
  write('config/all.yaml', resources(planted.headerLiteral))
  write('secrets/plain', planted.headerFile)
  write('secrets/default/api/token', planted.headerSecret)
  server = await up({
    folder: join(root, 'config'),
    dataDirectory: join(root, 'data'),
    arguments: ['--secrets-dir', join(root, 'secrets'), '--prune-settle', '10ms'],
    environment,
  })
  await ask('produce', ['produce', 'orders', '{"a":1}'])
})
afterAll(async () => {
  await server.kill()
  rmSync(root, { recursive: true, force: true })
})

async function ask(name: string, args: readonly string[], options: object = {}): Promise<string> {
  const withServer = /^(validate|fmt)$/.test(args[0] ?? '') ? [] : ['--server', server.url]
  const { stdout, stderr } = await headgate([...args, ...withServer], { environment, ...options })
  said.set(name, stdout + stderr)
  return stdout + stderr
}

async function fetched(path: string): Promise<string> {
  const response = await fetch(`${server.url}${path}`)
  const text = `${[...response.headers].join('\n')}\n${await response.text()}`
  said.set(`GET ${path}`, text)
  return text
}

const leaks = (): readonly string[] =>
  [...said].flatMap(([where, text]) =>
    FORMS.filter(({ form }) => text.includes(form)).map(({ name }) => `${name} in ${where}`),
  )

describe('no secret is said', () => {
  test('by what fails for want of its endpoint, and says so', async () => {
    const shown = await until('the sink to say what holds it up', async () => {
      const text = await fetched(`${API}/namespaces/default/sinks/out`)
      return /ECONNREFUSED|refused|reach/.test(text) ? text : undefined
    })
    expect(shown).toContain('***')
    await fetched(`${API}/namespaces/default/pipelines/away`)
    said.set('log', server.stderr() + server.stdout())
    expect(leaks()).toEqual([])
  })

  test('by any GET, table or metric', async () => {
    for (const collection of [
      ...COLLECTIONS,
      'sources',
      'consumergroups',
      'streamusages',
      'retainedstreams',
    ]) {
      await fetched(`${API}/${collection}`)
    }
    for (const path of ['/metrics', '/readyz', '/ready', '/version', `${API}/sources/local`])
      await fetched(path)
    await fetched(`${API}/namespaces/default/sinks/none?token=x`)
    await ask('get all', ['get', 'all', '-o', 'yaml'])
    await ask('get sinks', ['get', 'sinks', '-o', 'json'])
    expect(said.get('get sinks')).toContain('fromSecret')
    expect(leaks()).toEqual([])
  })

  test('by a plan, whose changes and digests do not hold it', async () => {
    write('other/all.yaml', resources(planted.rotated))
    const json = await ask('plan json', ['plan', join(root, 'other'), '-o', 'json'])
    expect(json).toContain('Authorization')
    await ask('plan text', ['plan', join(root, 'other')])
    expect(leaks()).toEqual([])
  })

  test('by an edit that is applied, and by a rotation', async () => {
    write('config/all.yaml', resources(planted.rotated))
    await until('the edit', () => (/-\/\+ Sink out/.test(server.stderr()) ? true : undefined))
    write('secrets/plain', `${planted.headerFile}-more`)
    await fetched(`${API}/sinks`)
    said.set('log', server.stderr() + server.stdout())
    expect(leaks()).toEqual([])
  })

  test('by problems, in whichever form they are printed, offline and by the server', async () => {
    write('wrong/wrong.yaml', WRONG)
    write('wrong/cut.yaml', UNCLOSED)
    for (const output of ['text', 'json', 'sarif', 'junit', 'github']) {
      await ask(`validate ${output}`, ['validate', join(root, 'wrong'), '-o', output])
    }
    expect(said.get('validate text')).toContain('wrong.yaml:8:')
    await ask('fmt', ['fmt', '--check', join(root, 'wrong')])
    await ask('plan of wrong', ['plan', join(root, 'wrong')])
    cpSync(join(root, 'wrong'), join(root, 'config'), { recursive: true })
    await until('the problems', () => (/cut\.yaml:7/.test(server.stderr()) ? true : undefined))
    await fetched(`${API}/sources/local`)
    await fetched(`${API}/sinks`)
    said.set('log', server.stderr() + server.stdout())
    expect(leaks()).toEqual([])
  })
})
