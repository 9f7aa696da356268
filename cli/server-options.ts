/** What `headgate up` asks of the server that main.ts puts together. */

import type { ListenAddress } from '../api/listen-address.ts'
import type { ConvergenceReport } from '../controllers/apply/convergence.ts'
import type { RunningKind } from './start-screen.ts'

export interface ServerOptions {
  /** The absolute path of the folder, links unresolved; undefined serves configured sources only. */
  readonly folder: string | undefined
  /** What the folder's source is called. */
  readonly source: string
  readonly configFile: string | undefined
  readonly dataDirectory: string
  readonly secretsDirectory: string | undefined
  readonly listen: ListenAddress
  readonly pruneSettleMs: number
  /** What the files of `--resources` give to all pipelines. */
  readonly resources?: Readonly<Record<string, readonly unknown[]>> | undefined
  readonly onConvergence: (report: ConvergenceReport, source: ConvergedSource) => void
}

/** What a report is about, as far as it says it differently. */
export interface ConvergedSource {
  /** Where the paths in the report begin. */
  readonly folder: string | undefined
  readonly isTheOnlyOne: boolean
}

export interface RunningServer extends AsyncDisposable {
  readonly url: string
  /** Resolves once every first action was carried out or failed. */
  firstConvergence(): Promise<void>
  /** The names of what is declared, kind by kind, for the start screen. */
  running(): readonly RunningKind[]
  /** The stream that shows most: a typed one, if there is one. */
  streamToLookAt(): string | undefined
}

export type StartServer = (options: ServerOptions) => Promise<RunningServer>
