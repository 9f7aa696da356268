/** Runs the tests that files hold: inline ones of configs and Pipelines, and those of `NAME_benthos_test.yaml`. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  type ConfigDocument,
  type ConfigFile,
  readConfigFile,
} from '../controllers/configs/config-file.ts'
import { isTemplateFile, isTestFile, testedFile } from '../controllers/sets/config-names.ts'
import type { Place } from '../controllers/sets/problem.ts'
import { readTemplateFile } from '../controllers/sets/template-file.ts'
import { locate, type Path, textAt } from '../controllers/sets/tree.ts'
import type { MappingFiles } from '../engine/bloblang/mapping-files.ts'
import { HeadgateError } from '../engine/error.ts'
import { isRecord } from '../engine/pipelines/component-config.ts'
import { runTemplateTests } from '../engine/pipelines/templates/run-template-tests.ts'
import type { Templates } from '../engine/pipelines/templates/template.ts'
import { testEnvironment } from '../engine/pipelines/testing.ts'
import { runTests, type TestResult } from '../engine/pipelines/testing-kit/run-tests.ts'
import type { TestFiles } from '../engine/pipelines/testing-kit/test-files.ts'
import type { DeclaredStreams } from '../engine/pipelines/testing-kit/whole-case.ts'
import type { NamedFile } from './config-paths.ts'
import { personalFiles } from './mapping-files.ts'
import type { ResourceLists } from './shared-resources.ts'

export interface TestedFile {
  readonly path: string
  readonly tests: readonly TestOutcome[]
}

export interface TestOutcome extends Place {
  readonly name: string
  readonly failures: readonly OutcomeFailure[]
}

export interface OutcomeFailure extends Place {
  /** `output_batches[0][1].json_equals`; empty where it is about the test as a whole. */
  readonly where: string
  readonly message: string
  readonly details: readonly string[]
}

export interface TestContext {
  readonly resources: ResourceLists
  readonly templates: Templates
  /** How the streams of a namespace are declared in all files together. */
  readonly declared: (namespace: string) => Promise<DeclaredStreams>
  readonly signal: AbortSignal
  /** What a test read besides its own file: whoever watches looks at it too. */
  readonly read: Set<string>
}

/** Undefined where the file has no tests. */
export async function testFile(
  { path, bytes }: NamedFile,
  context: TestContext,
): Promise<TestedFile | undefined> {
  if (isTemplateFile(path)) return testTemplate(path, bytes, context)
  const file = readConfigFile(path, bytes)
  const [broken] = file.problems
  if (broken !== undefined) {
    return { path, tests: [failed('the file can be read', broken, broken.message)] }
  }
  if (isTestFile(path)) return testBeside(path, file, context)
  const tests: TestOutcome[] = []
  for (const document of file.documents) {
    if (document.as !== 'config' && document.as !== 'pipeline') continue
    if (!isRecord(document.config) || document.config['tests'] === undefined) continue
    tests.push(...(await testDocument(file, document, document.config, context)))
  }
  return tests.length === 0 ? undefined : { path, tests }
}

async function testBeside(
  path: string,
  file: ConfigFile,
  context: TestContext,
): Promise<TestedFile> {
  const tested = testedFile(path)
  const beside = CONFIG_ENDS.map((end) => tested.replace(/\.[^.]*$/, end)).find(existsSync)
  const config = beside === undefined ? {} : configIn(beside, context)
  const tests: TestOutcome[] = []
  for (const document of file.documents) {
    const usesOnlyFiles = beside === undefined && needsConfig(document.config)
    if (usesOnlyFiles) {
      const place = file.source.place(locate(document.tree, [], 'key').start)
      const message = `expected the config that it tests at ${tested}, got none`
      tests.push(failed('the config is there', place, message))
    } else tests.push(...(await testDocument(file, document, config, context)))
  }
  return { path, tests }
}

const CONFIG_ENDS = ['.yaml', '.yml', '.json'] as const

/** Tests of mappings and of other configs can do without one. */
function needsConfig(document: unknown): boolean {
  const tests: unknown = isRecord(document) ? document['tests'] : undefined
  if (!Array.isArray(tests)) return false
  return tests.some((test: unknown) => {
    if (!isRecord(test)) return false
    const { target_mapping: mapping, target_processors: target } = test
    return mapping === undefined && !(typeof target === 'string' && /^[^#]+#/.test(target))
  })
}

async function testDocument(
  { source }: ConfigFile,
  { tree, path, config: written }: ConfigDocument,
  config: unknown,
  { resources, templates, declared, signal, read }: TestContext,
): Promise<readonly TestOutcome[]> {
  const list: Path = [...path, 'tests']
  const { results, problems } = await runTests({
    config,
    templates,
    tests: isRecord(written) ? written['tests'] : undefined,
    resources,
    declared: () => declared(textAt(tree, ['metadata', 'namespace']) ?? 'default'),
    files: filesBeside(source.file, read),
    environment: testEnvironment({
      env: (name) => process.env[name],
      directory: dirname(resolve(source.file)),
      files: mappingFiles(source.file, read),
    }),
    signal,
  })
  const place = (at: Path, which: 'key' | 'value'): Place =>
    source.place(locate(tree, [...list, ...at], which).start)
  const outcomes = results.map((result) => ({
    index: result.index,
    ...outcomeOf(result, (at, which) => place([result.index, ...at], which)),
  }))
  for (const found of problems) {
    const at = place(found.path, found.at)
    const index = Number(found.path[0] ?? 0)
    const hint = found.hint === undefined ? [] : [found.hint]
    outcomes.push({ index, ...failed('the test is well-formed', at, found.message, hint) })
  }
  return outcomes.sort((left, right) => left.index - right.index).map(({ index: _, ...one }) => one)
}

async function testTemplate(
  path: string,
  bytes: Uint8Array,
  { templates }: TestContext,
): Promise<TestedFile | undefined> {
  const { source, template, tree, problems } = readTemplateFile(path, bytes)
  const [broken] = problems.filter(({ severity }) => severity === 'error')
  if (broken !== undefined || template === undefined || tree === undefined) {
    const at = broken ?? { file: path, line: 1, column: 1, message: 'there is none' }
    return { path, tests: [failed('the template can be read', at, at.message)] }
  }
  const results = await runTemplateTests(template, templates)
  if (results.length === 0) return undefined
  const tests = results.map((result) =>
    outcomeOf(result, (at, which) =>
      source.place(locate(tree, ['tests', result.index, ...at], which).start),
    ),
  )
  return { path, tests }
}

/** `place` finds a path of the test in its file. */
function outcomeOf(
  { name, failures }: TestResult,
  place: (path: Path, which: 'key' | 'value') => Place,
): TestOutcome {
  return {
    name,
    ...place([], 'value'),
    failures: failures.map(({ path, message, details }) => ({
      ...place(path, 'key'),
      where: pathText(path),
      message,
      details,
    })),
  }
}

function failed(
  name: string,
  place: Place,
  message: string,
  details: readonly string[] = [],
): TestOutcome {
  const { file, line, column } = place
  const at = { file, line, column }
  return { name, ...at, failures: [{ ...at, where: '', message, details }] }
}

function pathText(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${step}`,
    )
    .join('')
}

/** Paths of a test begin where it stands. */
function filesBeside(file: string, read: Set<string>): TestFiles {
  const folder = dirname(resolve(file))
  return {
    bytes: (path) => bytesOf(resolve(folder, path), read),
    config: (path) => configIn(resolve(folder, path), { read }),
  }
}

function bytesOf(path: string, read: Set<string>): Uint8Array {
  read.add(path)
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new HeadgateError('SourceUnreadable', `expected a file at ${path}`, { cause })
  }
}

/** The one config of a file. */
function configIn(path: string, { read }: Pick<TestContext, 'read'>): unknown {
  const { documents, problems } = readConfigFile(path, bytesOf(resolve(path), read))
  const [first] = problems
  if (first !== undefined) {
    throw new HeadgateError('YamlSyntax', `${path}:${first.line}:${first.column}: ${first.message}`)
  }
  const configs = documents.filter(({ as }) => as === 'config' || as === 'pipeline')
  const [only] = configs
  if (only !== undefined && configs.length === 1) return only.config
  throw new HeadgateError('Invalid', `expected one config in ${path}, got ${configs.length}`, {
    hint: 'Write the tests into the config itself, beneath tests.',
  })
}

/** Mappings find their files where the config stands, and else where a person runs them. */
function mappingFiles(file: string, read: Set<string>): MappingFiles {
  const beside = personalFiles(resolve(file))
  const here = personalFiles(undefined)
  const remembered = (from: MappingFiles, path: string, namedBy: string | undefined) => {
    const found = from.read(path, namedBy)
    read.add(found.path)
    return found
  }
  return {
    read: (path, namedBy) => {
      try {
        return remembered(beside, path, namedBy)
      } catch (error) {
        if (namedBy !== undefined) throw error
        return remembered(here, path, namedBy)
      }
    },
  }
}
