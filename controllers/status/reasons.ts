/**
 * The one list of condition reasons, besides the codes of errors: what each means, for the docs page and for people who
 * match on them.
 */

// biome-ignore format: a table reads best as one line an entry
export const REASONS = {
  Applying: 'It is being made as declared.',
  Available: 'A stream takes appends and reads.',
  Completed: 'A finite input has ended; it is not run again for the same declaration.',
  Conflict: 'Another source owns it, or its id is taken.',
  Connected: 'Input and outputs are connected.',
  Converged: 'Everything that the source declares is as declared.',
  DependencyNotReady: 'Something that it refers to is not there, or is stalled itself.',
  Disconnected: 'An input or output is not connected; it is tried again for ever.',
  Drifted: 'Somebody changed it behind our back, and its source reports that instead of reverting it.',
  EmptySet: 'The source declares nothing at all; nothing goes without approval.',
  EngineReadOnly: 'The engine takes no writes now.',
  GrantMissing: 'The source may not declare this, or not what it needs.',
  HeldBack: 'Its set is applied in whole or not at all, and something else of it is held back.',
  Immutable: 'A field changed that cannot change.',
  InUse: 'No longer declared, but something that stays refers to it.',
  Incomplete: 'The source could not be read in whole; nothing of it goes.',
  Invalid: 'The declaration is wrong; the last accepted one keeps running.',
  LocationChanged: 'The source points elsewhere; what would go waits for approval.',
  NotApplied: 'It has not been applied yet.',
  NotReloaded: 'A pipeline runs, but what was saved of its module does not load; what was there before goes on.',
  NotRunning: 'A pipeline does not run.',
  OutOfRange: 'A reset names a sequence or a shard that the stream does not have.',
  OverBudget: 'More would go at once than may without approval.',
  Paused: 'It is stopped on purpose and keeps its position.',
  Policy: 'A policy of headgate.yaml does not allow the change now.',
  Protected: 'It is protected: set protected to false first.',
  PruneDisabled: 'No longer declared; its source does not prune.',
  QuotaNearlyFull: 'The streams of the namespace hold more than 80 % of what its quota allows.',
  Released: 'No source owns it any more, or will soon; it keeps running.',
  Retrying: 'It runs as declared, but something is tried again and again; the message says what.',
  RolledBack: 'Somebody rolled the source back to an earlier revision.',
  Running: 'A pipeline of this generation runs.',
  Sealed: 'A retained stream: it can be read, not written, until it is purged or declared again.',
  Settling: 'No longer declared; waits for a second look.',
  SourceUnconfigured: 'Its source is not configured any more; it keeps running.',
  SourceUnreadable: 'The source could not be looked at; what was accepted keeps running.',
  Stopping: 'A pipeline stops, to be replaced or removed once it has.',
  Stored: 'It is stored and in force.',
  Suspended: 'Somebody suspended it or its source; nothing of it is changed until it is resumed.',
} as const

export type Reason = keyof typeof REASONS
