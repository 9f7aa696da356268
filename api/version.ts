/** What is running, in the fields that Connect's clients and kubectl look for, all in one object. */
import type { FastifyInstance } from 'fastify'

export interface Build {
  /** `0.1.0` */
  readonly version: string
  /** RFC 3339, or `source` when it runs from a checkout. */
  readonly built: string
}

export function serveVersion(server: FastifyInstance, build: Build): void {
  const answer = versionObject(build)
  server.get('/version', () => answer)
}

export function versionObject({ version, built }: Build): Readonly<Record<string, string>> {
  const [major = '0', minor = '0'] = version.split('.')
  return {
    version,
    built,
    major,
    minor,
    gitVersion: `v${version}`,
    gitCommit: '',
    gitTreeState: '',
    buildDate: built,
    goVersion: '',
    compiler: `node ${process.version}`,
    platform: `${process.platform}/${process.arch}`,
  }
}
