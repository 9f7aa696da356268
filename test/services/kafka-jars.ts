/**
 * Where the jars of a Kafka broker are, and how they come there: Maven brings what `kafka/pom.xml` names into the user's
 * cache folder, under the hash of `kafka/jars.sha256`, and each jar has to have the sum that stands in that file.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

const POM = join(import.meta.dirname, 'kafka/pom.xml')
const SUMS = join(import.meta.dirname, 'kafka/jars.sha256')
/** Pinned as well: another version may choose other files. */
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies'

/** The folder of the jars, where they are complete and there is a Java to run them. */
export function findKafkaJars(): string | undefined {
  return existsSync(SUMS) && existsSync(cacheFolder()) && isOnPath('java')
    ? cacheFolder()
    : undefined
}

/** Ten seconds and 45 MB the first time, nothing afterwards. */
export function buildKafkaJars(): string {
  if (!isOnPath('java'))
    throw new Error(
      'expected java on the PATH to run a Kafka broker: apt-get install default-jre-headless',
    )
  const known = findKafkaJars()
  if (known !== undefined) return known
  const base = dirname(cacheFolder())
  mkdirSync(base, { recursive: true })
  const unfinished = mkdtempSync(join(base, 'unfinished-'))
  try {
    copyJars(unfinished)
    judge(unfinished)
    // Somebody else may have finished first.
    if (!existsSync(cacheFolder())) renameSync(unfinished, cacheFolder())
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return cacheFolder()
}

function copyJars(folder: string): void {
  const args = [
    '-q',
    '-B',
    '-f',
    POM,
    COPY,
    '-DincludeScope=runtime',
    `-DoutputDirectory=${folder}`,
  ]
  const { status, error } = spawnSync('mvn', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (error !== undefined)
    throw new Error('expected mvn on the PATH to bring the jars of Kafka: apt-get install maven', {
      cause: error,
    })
  if (status !== 0) throw new Error(`expected mvn to end with 0, got ${status}`)
}

/** Every jar and no other, byte for byte. Without the file of sums, it is written. */
function judge(folder: string): void {
  const found = readdirSync(folder)
    .sort()
    .map((name) => `${sumOf(join(folder, name))}  ${name}\n`)
    .join('')
  if (!existsSync(SUMS)) writeFileSync(SUMS, found)
  const expected = readFileSync(SUMS, 'utf8')
  if (found === expected) return
  const known = new Set(expected.split('\n'))
  const strange = found.split('\n').filter((line) => !known.has(line))
  throw new Error(`expected the jars of jars.sha256, got others:\n${strange.join('\n')}`)
}

function sumOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const pins = existsSync(SUMS) ? sumOf(SUMS).slice(0, 16) : 'none'
  return join(base, 'headgate', 'kafka', pins)
}

function isOnPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.some((folder) => existsSync(join(folder, program)))
}
