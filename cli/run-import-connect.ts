/**
 * What `headgate import connect` does: it writes Connect configs as Pipelines to a folder, and shows the plan. Nothing
 * runs before a server is started on that folder.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { readConfigFile } from '../controllers/configs/config-file.ts'
import {
  type ConnectFile,
  type Imported,
  importConfigs,
} from '../controllers/configs/import-configs.ts'
import { isResourceFile } from '../controllers/sets/read-file.ts'
import { IGNORE_FILE } from '../controllers/sources/file-walk.ts'
import { HeadgateError } from '../engine/error.ts'
import { isRecord } from '../engine/pipelines/component-config.ts'
import { flagOption, type Invocation, textOption, textOptions } from './command.ts'
import { namedFiles } from './config-paths.ts'
import { problemsText } from './problems-text.ts'

export async function runImportConnect(invocation: Invocation): Promise<number> {
  const { terminal } = invocation
  const path = invocation.arguments[0] ?? '.'
  const to = resolve(textOption(invocation, 'to') ?? './pipelines')
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  const root = resolve(isFolder ? path : dirname(path))
  if (!relative(root, to).startsWith('..') && relative(root, to) === '') {
    throw new HeadgateError('Usage', 'expected another folder than the one that is imported', {
      hint: 'Name one: --to ./pipelines',
    })
  }
  const files = await connectFiles([path, ...(isFolder ? [] : testsOf(path))], root, to)
  const observability = textOption(invocation, 'observability')
  const others = await connectFiles(
    [
      ...textOptions(invocation, 'resources'),
      ...(observability === undefined ? [] : [observability]),
    ],
    root,
    to,
  )
  const named = new Set(others.map(({ shown }) => shown))
  const imported = await importConfigs(
    files.filter(({ shown }) => !named.has(shown)),
    others,
  )
  if (imported.pipelines.length === 0) {
    sayProblems(invocation, imported, [...files, ...others])
    throw new HeadgateError('Usage', `there is no stream in ${path}`, {
      hint: 'A stream has an input, a pipeline or an output.',
    })
  }
  const written = write(imported, { root, to, overwrite: flagOption(invocation, 'overwrite') })
  sayProblems(invocation, imported, [...files, ...others])
  for (const one of written) terminal.say(`${terminal.paint('green', '✓')} ${one}`)
  const failed = imported.problems.some(({ severity }) => severity === 'error')
  if (failed) {
    terminal.say(terminal.paint('red', 'What is marked as an error is not carried over: mend it.'))
  }
  const status = await showPlan(invocation, to)
  return failed ? 1 : status
}

/** Of one config, the tests beside it. */
function testsOf(path: string): readonly string[] {
  return ['_benthos_test', '_headgate_test']
    .map((end) => path.replace(/(\.[^./]*)$/, `${end}$1`))
    .filter((test) => existsSync(test))
}

/** What an earlier import wrote is none of Connect's. */
async function connectFiles(
  paths: readonly string[],
  root: string,
  to: string,
): Promise<readonly ConnectFile[]> {
  const named = paths.length === 0 ? [] : await namedFiles(paths)
  return named.flatMap(({ path, bytes }) => {
    const absolute = resolve(path)
    if (!relative(to, absolute).startsWith('..')) return []
    const beneath = relative(root, absolute)
    return [{ path: beneath.startsWith('..') ? basename(path) : beneath, shown: path, bytes }]
  })
}

interface Place {
  readonly root: string
  readonly to: string
  readonly overwrite: boolean
}

/** All or nothing: no file is written where one is in the way. */
function write(imported: Imported, { root, to, overwrite }: Place): readonly string[] {
  const files = new Map<string, string | Uint8Array>()
  const data: string[] = []
  for (const { path, text } of imported.pipelines) files.set(path, text)
  for (const { path, bytes } of imported.tests) {
    files.set(path, bytes)
    for (const one of namedInTests(path, bytes)) {
      const beside = join(dirname(path), one)
      const from = join(root, beside)
      const isOurs = files.has(beside) || beside.startsWith('..') || !existsSync(from)
      if (isOurs) continue
      files.set(beside, readFileSync(from))
      if (isResourceFile(beside)) data.push(`/${beside}\n`)
    }
  }
  // What tests read looks like a resource to a source, and is none.
  if (data.length > 0) files.set(IGNORE_FILE, data.join(''))
  const taken = [...files.keys()].find((path) => existsSync(join(to, path)))
  if (taken !== undefined && !overwrite) {
    throw new HeadgateError('Usage', `there is a file ${join(to, taken)} already`, {
      hint: 'Name another folder with --to, or replace files with --overwrite.',
    })
  }
  for (const [path, content] of files) {
    mkdirSync(dirname(join(to, path)), { recursive: true })
    writeFileSync(join(to, path), content)
  }
  return [...files.keys()].map((path) => relative('.', join(to, path)))
}

const FILE_KEYS = [
  'file_content',
  'file_equals',
  'file_json_equals',
  'file_json_contains',
  'target_mapping',
]

/** The files that tests name, wherever they do. */
function namedInTests(path: string, bytes: Uint8Array): readonly string[] {
  const found: string[] = []
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) walk(item)
    if (!isRecord(value)) return
    for (const [key, item] of Object.entries(value)) {
      if (FILE_KEYS.includes(key) && typeof item === 'string' && item !== '') found.push(item)
      else walk(item)
    }
  }
  for (const { config } of readConfigFile(path, bytes).documents) walk(config)
  return found
}

function sayProblems(
  { terminal }: Invocation,
  { problems, notes }: Imported,
  files: readonly ConnectFile[],
): void {
  const texts = new Map(files.map(({ shown, bytes }) => [shown, bytes]))
  const text = problemsText(
    problems,
    (file) => {
      const bytes = texts.get(file)
      return bytes === undefined ? undefined : Buffer.from(bytes).toString()
    },
    (style, one) => terminal.paint(style, one),
  )
  if (text !== '') terminal.say(text)
  for (const note of notes) terminal.say(terminal.paint('dim', note))
}

/** By a server where one runs, else against nothing: then all of it is new. */
async function showPlan(invocation: Invocation, folder: string): Promise<number> {
  const [{ plan }, { readServerFile }] = await Promise.all([
    import('./plan.ts'),
    import('./server-file.ts'),
  ])
  const data = textOption(invocation, 'dataDir') ?? '.headgate'
  const hasServer =
    textOption(invocation, 'server') !== undefined || readServerFile(data) !== undefined
  const options = { ...invocation.options, output: 'text' }
  if (hasServer) return plan.run({ ...invocation, arguments: [folder], options })
  const empty = mkdtempSync(join(tmpdir(), 'headgate-import-'))
  try {
    const snapshot = join(empty, 'nothing.json')
    writeFileSync(snapshot, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [] }))
    const offline = { ...options, offline: true, snapshot }
    const status = await plan.run({ ...invocation, arguments: [folder], options: offline })
    const shown = relative('.', folder) || '.'
    if (status === 0) invocation.terminal.say(`Then: headgate up ${shown}`)
    return status
  } finally {
    rmSync(empty, { recursive: true, force: true })
  }
}
