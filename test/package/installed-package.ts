/** The package as people get it: packed from a copy of the sources, and installed in an empty folder. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT } from '../house/source-files.ts'

export interface Result {
  readonly status: number | null
  /** Both outputs, as a person sees them. */
  readonly printed: string
}

export interface InstalledPackage extends Disposable {
  readonly tarball: string
  /** What the tarball holds, by path. */
  readonly files: readonly string[]
  /** Where the package is installed. */
  readonly root: string
  write(name: string, text: string): void
  run(command: string, ...given: readonly string[]): Result
}

export function installPackage(): InstalledPackage {
  const home = mkdtempSync(join(tmpdir(), 'headgate-package-'))
  const [source, folder] = [join(home, 'source'), join(home, 'installed')]
  copySources(source)
  must(run(source, 'npm', 'pack', '--pack-destination', home))
  const tarball = join(home, onlyTarball(home))
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"name": "people", "type": "module"}\n')
  // The types of Node are what a project of TypeScript has anyway; nothing else is there but the package.
  const types = `@types/node@${versionOf('@types/node')}`
  const quietly = ['--prefer-offline', '--no-audit', '--no-fund']
  must(run(folder, 'npm', 'install', ...quietly, tarball, types))
  return {
    tarball,
    files: execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' })
      .split('\n')
      .filter((path) => path !== '')
      .map((path) => path.replace(/^package\//, '')),
    root: join(folder, 'node_modules/headgate'),
    write: (name, text) => writeFileSync(join(folder, name), text),
    run: (command, ...given) => run(folder, command, ...given),
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  }
}

/** What git would keep: nothing that a build left behind can help. */
function copySources(to: string): void {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  for (const path of listed.split('\n')) {
    if (path === '' || path.startsWith('test/') || !existsSync(join(ROOT, path))) continue
    mkdirSync(dirname(join(to, path)), { recursive: true })
    cpSync(join(ROOT, path), join(to, path))
  }
  symlinkSync(join(ROOT, 'node_modules'), join(to, 'node_modules'))
}

function onlyTarball(home: string): string {
  const found = readdirSync(home).filter((name) => name.endsWith('.tgz'))
  if (found.length !== 1) throw new Error(`expected one tarball, got ${found.length}`)
  return found[0] ?? ''
}

function versionOf(name: string): string {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  return devDependencies[name]
}

function run(cwd: string, command: string, ...given: readonly string[]): Result {
  const { status, stdout, stderr, error } = spawnSync(command, given, {
    cwd,
    encoding: 'utf8',
    env: {
      ...process.env,
      NO_COLOR: '1',
      npm_config_loglevel: 'error',
      npm_config_update_notifier: 'false',
      // The project's own Node, as npm puts it, and the tools that it has.
      PATH: [dirname(process.execPath), join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(
        ':',
      ),
    },
  })
  return { status, printed: error === undefined ? stdout + stderr : String(error) }
}

function must({ status, printed }: Result): void {
  if (status !== 0) throw new Error(printed)
}
