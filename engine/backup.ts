/** What an engine that keeps data can do besides: a copy of all that it holds, while it goes on. */

export interface EngineBackup {
  /**
   * Everything that was acknowledged before the call, as a data directory of its own; durable when it resolves, and
   * there under its name only then. Refuses a directory that holds something. One at a time.
   */
  backup(options: BackupOptions): Promise<BackupResult>
}

export interface BackupOptions {
  /** An absolute path; it is made. */
  readonly directory: string
  /** Puts more into it before it gets its name. */
  readonly alongside?: ((directory: string) => Promise<void>) | undefined
}

export interface BackupResult {
  readonly directory: string
  /** Of the engine. */
  readonly id: string
  readonly streams: number
  readonly segments: number
  readonly records: number
  readonly bytes: number
}
