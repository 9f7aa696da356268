#!/usr/bin/env node
/**
 * Starts Headgate with a Node that is new enough: the running one, else the one that the project brings.
 *
 * It is plain JavaScript of old syntax on purpose: it has to run on a Node that is too old for everything else.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NODE_MAJOR_MIN = 24
const NODE_MINOR_MIN = 15

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const built = join(root, 'dist', 'cli', 'main.js')
const main = existsSync(built) ? built : join(root, 'cli', 'main.ts')

if (isNewEnough(process.versions.node)) {
  await run()
} else {
  runWithOwnNode()
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > NODE_MAJOR_MIN || (major === NODE_MAJOR_MIN && minor >= NODE_MINOR_MIN)
}

async function run() {
  const { enableCompileCache } = await import('node:module')
  enableCompileCache()
  process.argv[1] = main
  const { start } = await import(pathToFileURL(main).href)
  if (start !== undefined) await start()
}

function runWithOwnNode() {
  const own = ownNode()
  if (own === undefined) {
    process.stderr.write(
      `error: expected Node ${NODE_MAJOR_MIN}.${NODE_MINOR_MIN} or newer, got ${process.versions.node}\n` +
        '  Install a newer Node, or run npm install in the project: it brings one.\n',
    )
    process.exit(1)
  }
  // With what this one was started with, such as `--import`.
  const given = [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const child = spawn(own, given, { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal))
  }
  child.on('exit', (status, signal) => {
    if (signal !== null) process.removeAllListeners(signal)
    if (signal === null) process.exit(status ?? 1)
    process.kill(process.pid, signal)
  })
}

/** From a checkout the package stands in node_modules here; installed, somewhere above. */
function ownNode() {
  for (let folder = root; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', 'node', 'bin', 'node')
    if (existsSync(candidate)) return candidate
    if (folder === dirname(folder)) return undefined
  }
}
