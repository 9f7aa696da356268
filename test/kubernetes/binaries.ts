/**
 * Where kube-apiserver, etcd and kubectl are, and how they are built where they are not: from the Go modules that
 * `binaries/go.mod` pins, into the user's cache folder, under the hash of `binaries/go.sum`. The wrapper module exists
 * because Kubernetes replaces its own modules, and Go heeds replacements in the main module only.
 *
 * To pin another version, change the numbers in go.mod and run `go mod download all` there; never `go mod tidy`, which
 * would resolve the tests of every dependency.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

export interface Binaries {
  readonly kubeApiserver: string
  readonly etcd: string
  readonly kubectl: string
}

const MODULE = join(import.meta.dirname, 'binaries')
const PACKAGES: Readonly<Record<string, string>> = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
}
/** Without these the binaries call themselves v0.0.0-master and complain of their difference. */
const VERSIONED = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']

/** Those of `KUBEBUILDER_ASSETS`, else those built here before; undefined where there are none. */
export function findBinaries(): Binaries | undefined {
  const given = process.env['KUBEBUILDER_ASSETS']
  const folder = given === undefined || given === '' ? cacheFolder() : given
  const missing = Object.keys(PACKAGES).filter((name) => !existsSync(join(folder, name)))
  if (missing.length === 0) return binariesIn(folder)
  if (folder !== given) return undefined
  throw new Error(`expected ${missing.join(', ')} in KUBEBUILDER_ASSETS, got none in ${folder}`)
}

/** About five minutes and two gigabytes of memory the first time, nothing afterwards. */
export function buildBinaries(): Binaries {
  const known = findBinaries()
  if (known !== undefined) return known
  const folder = cacheFolder()
  mkdirSync(dirname(folder), { recursive: true })
  const unfinished = mkdtempSync(`${folder}.`)
  try {
    for (const [name, path] of Object.entries(PACKAGES)) {
      process.stderr.write(`building ${name}\n`)
      goBuild(path, join(unfinished, name))
    }
    // Somebody else may have finished first.
    if (!existsSync(folder)) renameSync(unfinished, folder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return binariesIn(folder)
}

function goBuild(path: string, target: string): void {
  const args = [
    'build',
    '-mod=readonly',
    '-trimpath',
    '-ldflags',
    linkerFlags(),
    '-o',
    target,
    path,
  ]
  const environment = { CGO_ENABLED: '0', GOWORK: 'off', GOTOOLCHAIN: 'local' }
  const { status, error } = spawnSync('go', args, {
    cwd: MODULE,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (error !== undefined)
    throw new Error(
      'expected Go 1.25 or newer on the PATH to build a Kubernetes API server: install it, or set KUBEBUILDER_ASSETS to a folder with kube-apiserver, etcd and kubectl',
      { cause: error },
    )
  if (status !== 0) throw new Error(`expected go build ${path} to end with 0, got ${status}`)
}

function linkerFlags(): string {
  const [, major, minor, patch] =
    /^require k8s\.io\/kubernetes v(\d+)\.(\d+)\.(\d+)/m.exec(
      readFileSync(join(MODULE, 'go.mod'), 'utf8'),
    ) ?? []
  const values = {
    gitVersion: `v${major}.${minor}.${patch}`,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
    gitCommit: 'none',
  }
  const set = VERSIONED.flatMap((path) =>
    Object.entries(values).map(([name, value]) => `-X ${path}.${name}=${value}`),
  )
  return ['-s', '-w', ...set].join(' ')
}

function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const pins = readFileSync(join(MODULE, 'go.sum'))
  const hash = createHash('sha256').update(pins).digest('hex').slice(0, 16)
  return join(base, 'headgate', 'kubernetes', hash)
}

function binariesIn(folder: string): Binaries {
  const at = (name: string): string => join(folder, name)
  return { kubeApiserver: at('kube-apiserver'), etcd: at('etcd'), kubectl: at('kubectl') }
}
