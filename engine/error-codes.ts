/**
 * The one table of everything that can go wrong: code → retry class, HTTP status, exit status, meaning.
 *
 * `docs/reference/errors.md` is held equal to it by a test. A message belongs to the place that throws, for only it
 * knows the names; a code belongs here, for callers and dashboards match on it.
 *
 * retry: `never` waits for the input to change, `backoff` is tried again alone with growing waits, `now` may be
 * repeated at once after looking again.
 */

export interface ErrorClass {
  readonly retry: 'never' | 'backoff' | 'now'
  /** What an HTTP caller gets. */
  readonly status: number
  /** What a command ends with: 1 is a failure, 2 is a usage error. */
  readonly exit: 1 | 2
  /** One sentence for the docs page. */
  readonly meaning: string
}

// One line a code, grouped by the room that raises it; keep each group in alphabetical order.
// biome-ignore format: a table reads best as one line an entry
export const ERROR_CODES = {
  // engine: log, streams, groups
  BackPressure: { retry: 'backoff', status: 503, exit: 1, meaning: 'The write queue is full; try again after the stated time.' },
  DataDirectoryInUse: { retry: 'never', status: 503, exit: 1, meaning: 'Another process holds the data directory.' },
  DataDirectoryUnusable: { retry: 'never', status: 503, exit: 1, meaning: 'The data directory cannot be opened, or was written by a newer version.' },
  DiskFull: { retry: 'backoff', status: 507, exit: 1, meaning: 'The disk of the data directory has no room; nothing was written.' },
  ExpectedNextMismatch: { retry: 'now', status: 409, exit: 1, meaning: 'The shard does not end where the writer expected.' },
  GenerationStale: { retry: 'now', status: 409, exit: 1, meaning: 'A consumer group moved on: another generation owns these offsets.' },
  GroupActive: { retry: 'never', status: 409, exit: 1, meaning: 'A consumer group has live members, which would read on from elsewhere.' },
  IdempotencyKeyReused: { retry: 'never', status: 400, exit: 1, meaning: 'An idempotency key came again with other content.' },
  KeyMissing: { retry: 'never', status: 400, exit: 1, meaning: 'A record without a key cannot go to a compacted stream.' },
  KeysTooMany: { retry: 'never', status: 503, exit: 1, meaning: 'The keys of compacted streams take more memory than reads by key may use.' },
  LogCorrupt: { retry: 'never', status: 500, exit: 1, meaning: 'Durable data does not match its checksum.' },
  LogReadOnly: { retry: 'backoff', status: 503, exit: 1, meaning: 'The log stopped taking writes after an input or output error.' },
  PositionInvalid: { retry: 'never', status: 400, exit: 1, meaning: 'A position names records that are gone, or another incarnation of the stream.' },
  QuotaExceeded: { retry: 'backoff', status: 507, exit: 1, meaning: 'The streams of a namespace hold as many bytes as its quota allows; nothing was written.' },
  RateExceeded: { retry: 'backoff', status: 429, exit: 1, meaning: 'More was appended to a namespace within a second than its quota allows; try again after the stated time.' },
  RecordTooLarge: { retry: 'never', status: 413, exit: 1, meaning: 'A record or a write is above its limit.' },
  ShardOutOfRange: { retry: 'never', status: 400, exit: 1, meaning: 'The stream has no such shard.' },
  StreamExists: { retry: 'never', status: 409, exit: 1, meaning: 'A stream of that name exists already.' },
  StreamNotFound: { retry: 'backoff', status: 404, exit: 1, meaning: 'There is no stream of that name and incarnation.' },
  StreamSealed: { retry: 'never', status: 409, exit: 1, meaning: 'The stream is retained after its declaration went; it can be read, not written.' },
  // engine: pipelines, components, Bloblang
  BloblangInvalid: { retry: 'never', status: 400, exit: 1, meaning: 'A mapping does not parse, or names something that does not exist.' },
  ComponentConfigInvalid: { retry: 'never', status: 400, exit: 1, meaning: 'A component has a field that is missing, unknown or of the wrong form.' },
  ComponentUnknown: { retry: 'never', status: 400, exit: 1, meaning: 'No component of that name and role exists.' },
  EventInvalid: { retry: 'never', status: 400, exit: 1, meaning: 'A record does not fit the type of its stream.' },
  GrantMissing: { retry: 'never', status: 403, exit: 1, meaning: 'A source declares what its grants do not allow.' },
  InputFailed: { retry: 'backoff', status: 502, exit: 1, meaning: 'An input could not read.' },
  MappingFailed: { retry: 'never', status: 400, exit: 1, meaning: 'A mapping failed on a message.' },
  NotConnected: { retry: 'backoff', status: 503, exit: 1, meaning: 'A component lost, or never had, its connection.' },
  OutputFailed: { retry: 'backoff', status: 502, exit: 1, meaning: 'An output could not deliver.' },
  PipelineCrashed: { retry: 'never', status: 502, exit: 1, meaning: 'A processor of the pipeline was told to fail it.' },
  ResourceBusy: { retry: 'backoff', status: 502, exit: 1, meaning: 'A port, file or group that may be held once is held by another.' },
  SecretMissing: { retry: 'backoff', status: 502, exit: 1, meaning: 'A secret that is referred to cannot be resolved.' },
  StopTimedOut: { retry: 'never', status: 502, exit: 1, meaning: 'A pipeline did not stop in time and was closed by force; records may come again.' },
  TapsTooMany: { retry: 'backoff', status: 429, exit: 1, meaning: 'As many look at records of the pipeline already as may at once.' },
  // controllers: sets, plan, apply
  AlreadyExists: { retry: 'never', status: 409, exit: 1, meaning: 'A resource of that name exists already.' },
  ApplyFailed: { retry: 'never', status: 409, exit: 1, meaning: 'A set could not be applied in whole, and nothing of it was; the message names what failed.' },
  CatalogUnusable: { retry: 'never', status: 503, exit: 1, meaning: 'The catalog cannot be opened, or was written by a newer version.' },
  Conflict: { retry: 'never', status: 409, exit: 1, meaning: 'Another source owns the resource.' },
  DependencyNotReady: { retry: 'backoff', status: 409, exit: 1, meaning: 'Something that this resource needs is not there, or is stalled.' },
  DigestMismatch: { retry: 'never', status: 409, exit: 1, meaning: 'What is blocked now is not what the approval names.' },
  Forbidden: { retry: 'never', status: 403, exit: 1, meaning: 'An access decision refused.' },
  Immutable: { retry: 'never', status: 422, exit: 1, meaning: 'A field changed that cannot change.' },
  InUse: { retry: 'never', status: 409, exit: 1, meaning: 'Something that stays refers to what should go.' },
  Invalid: { retry: 'never', status: 422, exit: 1, meaning: 'What was written is wrong; its problems are listed.' },
  NothingToRollBack: { retry: 'never', status: 409, exit: 1, meaning: 'A source is at the revision that it should be rolled back to.' },
  ObjectChanged: { retry: 'now', status: 409, exit: 1, meaning: 'The object is not as the caller saw it last; look again, and write what is meant then.' },
  ProtectedResource: { retry: 'never', status: 409, exit: 1, meaning: 'The resource is protected; set protected to false first.' },
  PruneBlocked: { retry: 'never', status: 409, exit: 1, meaning: 'More would go than may without approval; nothing was changed.' },
  SourceUnreadable: { retry: 'backoff', status: 503, exit: 1, meaning: 'A source cannot be read; nothing of it is changed or removed.' },
  StateMoved: { retry: 'never', status: 409, exit: 1, meaning: 'The plan is another one than the one that was shown.' },
  // the layers of validation (they appear as the code of a problem)
  ApiVersionInvalid: { retry: 'never', status: 400, exit: 1, meaning: 'A document of ours has another apiVersion than headgate.dev/v1alpha1.' },
  FieldInvalid: { retry: 'never', status: 400, exit: 1, meaning: 'A field has a value that it cannot have.' },
  FieldMissing: { retry: 'never', status: 400, exit: 1, meaning: 'A field that is required is not there.' },
  FieldUnknown: { retry: 'never', status: 400, exit: 1, meaning: 'There is no field of that name.' },
  FileEmptied: { retry: 'never', status: 400, exit: 1, meaning: 'A file that held resources holds no document now; remove it, or write it again.' },
  IdDuplicate: { retry: 'never', status: 400, exit: 1, meaning: 'Two resources of a kind and namespace have the same id.' },
  KindUnknown: { retry: 'never', status: 400, exit: 1, meaning: 'There is no kind of that name.' },
  LimitExceeded: { retry: 'never', status: 413, exit: 1, meaning: 'A file or a folder is above a limit.' },
  NameDuplicate: { retry: 'never', status: 400, exit: 1, meaning: 'A resource is declared in two places.' },
  NotOurs: { retry: 'never', status: 400, exit: 1, meaning: 'A document is no resource.' },
  NotYetAvailable: { retry: 'never', status: 400, exit: 1, meaning: 'What is named will come, but is not there yet.' },
  OutOfScope: { retry: 'never', status: 403, exit: 1, meaning: 'A source declares what lies outside of its scope.' },
  ReferenceUnresolved: { retry: 'backoff', status: 400, exit: 1, meaning: 'A name points to something that is not declared.' },
  RuleViolated: { retry: 'never', status: 400, exit: 1, meaning: 'A rule across fields of a kind is broken.' },
  SecretLiteral: { retry: 'never', status: 400, exit: 1, meaning: 'A secret stands in the clear; it works, but a reference is safer.' },
  ServerField: { retry: 'never', status: 400, exit: 1, meaning: 'A field that the server sets is ignored.' },
  YamlRefused: { retry: 'never', status: 400, exit: 1, meaning: 'A form of YAML that readers understand differently, or that hides what is meant.' },
  YamlSyntax: { retry: 'never', status: 400, exit: 1, meaning: 'A file is not well-formed YAML or JSON.' },
  // api and cli
  BadRequest: { retry: 'never', status: 400, exit: 1, meaning: 'A request is malformed.' },
  Internal: { retry: 'backoff', status: 500, exit: 1, meaning: 'A defect of ours; the log has its cause.' },
  NotFound: { retry: 'never', status: 404, exit: 1, meaning: 'There is nothing of that name.' },
  RevisionExpired: { retry: 'now', status: 410, exit: 1, meaning: 'What changed since that resourceVersion is no longer known.' },
  RevisionUnknown: { retry: 'backoff', status: 504, exit: 1, meaning: 'A resourceVersion is larger than any that was given.' },
  ServerUnreachable: { retry: 'backoff', status: 503, exit: 1, meaning: 'No Headgate server answers at that address.' },
  Usage: { retry: 'never', status: 400, exit: 2, meaning: 'A command was called with arguments that it does not take.' },
} as const

export type ErrorCode = keyof typeof ERROR_CODES
