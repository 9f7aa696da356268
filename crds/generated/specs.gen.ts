// Generated from the kinds in crds/. Run `npm run generate`; edit nothing here.
/** The specs of all kinds as they are after defaults and normalisation. */

/** An array of one type. */
export interface ArrayType {
  /** A type code such as `Double` or `NullableInt32`, or the name of a StreamType of the same namespace. */
  readonly array: string
}

/** One property of an event. */
export interface StreamTypeProperty {
  /** Its name in the event; unique in any letter case. */
  readonly id: string
  /** What its values are. */
  readonly type: string | ArrayType
  /** Its place in the key, counted from 1. Absent for what is no part of the key. */
  readonly key?: number
  /** Unit of measure; free text. */
  readonly uom?: string
  /** How its value between two events is found; the type says so where absent. */
  readonly interpolation?: 'Continuous' | 'StepwiseContinuousLeading' | 'StepwiseContinuousTrailing' | 'Discrete' | 'ContinuousNullableLeading' | 'ContinuousNullableTrailing'
  /** A name for people. */
  readonly displayName?: string
  /** What it means. */
  readonly description?: string
}

/** Exactly one of `properties` and `jsonSchema`. */
export interface StreamTypeSpec {
  /** What foreign APIs call this resource. Set once; `metadata.name` where absent. Unique per namespace and kind in any letter case. */
  readonly id?: string
  /** The properties of an event, one to three of them its key. */
  readonly properties?: readonly StreamTypeProperty[]
  /** A JSON Schema (2020-12) that every record must fit. */
  readonly jsonSchema?: Readonly<Record<string, unknown>>
  /** A StreamType of the same namespace whose properties, key included, are part of this one. */
  readonly baseType?: string
  /** How values between two events are found. */
  readonly interpolation: 'Continuous' | 'StepwiseContinuousLeading' | 'StepwiseContinuousTrailing' | 'Discrete' | 'ContinuousNullableLeading' | 'ContinuousNullableTrailing'
  /** How values before the first and after the last event are found. */
  readonly extrapolation: 'All' | 'None' | 'Forward' | 'Backward'
  /** A name for people. */
  readonly displayName?: string
  /** What such an event tells. */
  readonly description?: string
}

/** By label. */
export interface LabelSelector {
  /** All of these labels, with these values. */
  readonly matchLabels: Readonly<Record<string, string>>
}

/** Exactly one of `names`, `selector` and `default`. */
export interface AccessTarget {
  /** The kind of the resources. */
  readonly kind: 'StreamType' | 'Stream' | 'AccessPolicy' | 'Sink' | 'Pipeline'
  /** By name; they need not be declared. */
  readonly names?: readonly string[]
  /** By label. */
  readonly selector?: LabelSelector
  /** True for what is created from now on and has no policy of its own. */
  readonly default?: boolean
}

/** Who may do everything, whatever the entries say: a user or a client. */
export interface AccessOwner {
  /** A user’s id. */
  readonly user?: string
  /** The id of a program that signs in by itself. */
  readonly client?: string
}

/** Exactly one of `user`, `client` and `role`. */
export interface Trustee {
  /** A user’s id. */
  readonly user?: string
  /** The id of a program that signs in by itself. */
  readonly client?: string
  /** The id of a role. */
  readonly role?: string
}

/** One thing that is allowed or denied. */
export interface AccessEntry {
  /** Exactly one of `user`, `client` and `role`. */
  readonly trustee: Trustee
  /** Deny wins over Allow. */
  readonly access: 'Allow' | 'Deny'
  /** Which rights. */
  readonly rights: readonly ('Read' | 'Write' | 'Delete' | 'ManageAccessControl' | 'Share')[]
}

/** Which resources, who owns them, and what others may do. */
export interface AccessPolicySpec {
  /** What foreign APIs call this resource. Set once; `metadata.name` where absent. Unique per namespace and kind in any letter case. */
  readonly id?: string
  /** Which resources it is about. */
  readonly targets: readonly AccessTarget[]
  /** Who may do everything, whatever the entries say: a user or a client. */
  readonly owner?: AccessOwner
  /** What is allowed and denied. */
  readonly entries: readonly AccessEntry[]
  /** A name for people. */
  readonly displayName?: string
  /** What it is for. */
  readonly description?: string
}

/** What is removed when; an untyped stream without it keeps 24 hours, a compacted one everything. */
export interface StreamRetention {
  /** Records older than this are removed: 1h to 8760h. */
  readonly age?: string
  /** The oldest records are removed above this, over all shards. */
  readonly bytes?: string
}

/** What this stream does otherwise than its type. */
export interface StreamPropertyOverride {
  /** The id of a property of the type. */
  readonly id: string
  /** Unit of measure; free text. */
  readonly uom?: string
  /** How values between two events are found. */
  readonly interpolation?: 'Continuous' | 'StepwiseContinuousLeading' | 'StepwiseContinuousTrailing' | 'Discrete' | 'ContinuousNullableLeading' | 'ContinuousNullableTrailing'
}

/** Everything has a default: a Stream without a spec is an untyped one. */
export interface StreamSpec {
  /** What foreign APIs call this resource. Set once; `metadata.name` where absent. Unique per namespace and kind in any letter case. */
  readonly id?: string
  /** The StreamType of the same namespace that every record must fit. */
  readonly type?: string
  /** How many ordered logs it has. Shards only grow. */
  readonly shards: number
  /** What is removed when; an untyped stream without it keeps 24 hours, a compacted one everything. */
  readonly retention?: StreamRetention
  /** With key, only the latest record of each key is kept, and one without data removes its key. */
  readonly compaction: 'none' | 'key'
  /** Whether an acknowledged record is on disk. */
  readonly durability: 'durable' | 'relaxed'
  /** Ids of properties by which events can be found besides the key. */
  readonly indexes?: readonly string[]
  /** Instead of the type’s. */
  readonly interpolation?: 'Continuous' | 'StepwiseContinuousLeading' | 'StepwiseContinuousTrailing' | 'Discrete' | 'ContinuousNullableLeading' | 'ContinuousNullableTrailing'
  /** Instead of the type’s. */
  readonly extrapolation?: 'All' | 'None' | 'Forward' | 'Backward'
  /** Instead of what the type says of single properties. */
  readonly propertyOverrides?: readonly StreamPropertyOverride[]
  /** Words to find it by. */
  readonly tags?: readonly string[]
  /** Facts about it, text to text. */
  readonly metadata?: Readonly<Record<string, string>>
  /** A name for people. */
  readonly displayName?: string
  /** What it carries. */
  readonly description?: string
  /** Whether its data outlives its declaration. */
  readonly deletionPolicy: 'Retain' | 'Delete'
  /** How long a retained stream is kept; for ever where absent. */
  readonly retainFor?: string
  /** Refuses delete, purge and shorter retention until a revision sets it to false. */
  readonly protected: boolean
}

/** What is read. */
export interface SinkFrom {
  /** A Stream of the same namespace. */
  readonly stream: string
  /** Where a new sink begins: `earliest`, `latest` or a time in RFC 3339. */
  readonly start: string
  /** A Bloblang query; records for which it is false are left out. */
  readonly filter?: string
}

/** An environment variable. */
export interface FromEnv {
  /** Its name. */
  readonly fromEnv: string
}

/** A file beneath the secrets directory. */
export interface FromFile {
  /** Its path. */
  readonly fromFile: string
}

/** Which one, and which key of it. */
export interface SecretKey {
  /** The Secret’s name. */
  readonly name: string
  /** The key. */
  readonly key: string
}

/** A Secret of the same namespace. */
export interface FromSecret {
  /** Which one, and which key of it. */
  readonly fromSecret: SecretKey
}

/** Where batches go. */
export interface SinkEndpoint {
  /** `standard` is an HTTP POST. */
  readonly type: 'standard'
  /** Where to post. */
  readonly url: string
  /** Headers of the request, besides those of HTTP itself. */
  readonly headers?: Readonly<Record<string, string | FromEnv | FromFile | FromSecret>>
  /** The body; `$dataset` stands for the records of the batch. */
  readonly payload_format: string
  /** What stands between two records of a batch. */
  readonly log_line_separator: string
}

/** A batch goes out when any of these is reached. */
export interface SinkBatch {
  /** This many records. */
  readonly records: number
  /** This many bytes. */
  readonly bytes: string
  /** This long after its first record. */
  readonly period: string
}

/** What happens when a batch is not accepted: waits that double from `initial` to `max`. */
export interface SinkRetry {
  /** Tries before a batch goes to the dead letter; for ever where absent. */
  readonly attempts?: number
  /** The first wait. */
  readonly initial: string
  /** The longest wait. */
  readonly max: string
  /** How much of a wait is left to chance. */
  readonly jitter: number
}

/** Where records go that cannot be delivered. */
export interface SinkDeadLetter {
  /** A Stream of the same namespace. */
  readonly stream: string
}

/** Moves where it reads on. Each is carried out once, whatever happens afterwards: removing it, a restart or a rollback moves nothing. Where nothing was read before, it begins there. */
export interface SinkReset {
  /** Tells one reset from another: to do the same once more, give it another id. */
  readonly id: string
  /** `earliest`, `latest`, a sequence, or a time in RFC 3339: the first record that arrived then or later. */
  readonly to: number | string
  /** Just these; all where absent. */
  readonly shards?: readonly number[]
}

/** What is read, how it is written, where it goes, and what happens when it cannot. */
export interface SinkSpec {
  /** What foreign APIs call this resource. Set once; `metadata.name` where absent. Unique per namespace and kind in any letter case. */
  readonly id?: string
  /** What is read. */
  readonly from: SinkFrom
  /** A Bloblang mapping of one record; records go out as they are where absent. */
  readonly template?: string
  /** Where batches go. */
  readonly endpoint: SinkEndpoint
  /** A batch goes out when any of these is reached. */
  readonly batch: SinkBatch
  /** What happens when a batch is not accepted: waits that double from `initial` to `max`. */
  readonly retry: SinkRetry
  /** Where records go that cannot be delivered. */
  readonly deadLetter?: SinkDeadLetter
  /** Moves where it reads on. Each is carried out once, whatever happens afterwards: removing it, a restart or a rollback moves nothing. Where nothing was read before, it begins there. */
  readonly reset?: SinkReset
  /** False stops it and keeps its position. */
  readonly active: boolean
  /** Who it acts as; its owner where absent. */
  readonly runAs?: string
}

/** What happens to messages on their way. */
export interface PipelineProcessors {
  /** How many batches are processed at once; -1 is one a core. */
  readonly threads?: number | string
  /** A query, or text with `${! … }` in it: messages with the same text keep their order where several batches are processed at once. */
  readonly shard_by?: string
  /** The processors, in order. */
  readonly processors?: readonly Readonly<Record<string, unknown>>[]
}

/** Moves where it reads on. Each is carried out once, whatever happens afterwards: removing it, a restart or a rollback moves nothing. Where nothing was read before, it begins there. */
export interface PipelineReset {
  /** Tells one reset from another: to do the same once more, give it another id. */
  readonly id: string
  /** `earliest`, `latest`, a sequence, or a time in RFC 3339: the first record that arrived then or later. */
  readonly to: number | string
  /** The one that is meant, where it reads several; all where absent. */
  readonly stream?: string
  /** Just these; all where absent. */
  readonly shards?: readonly number[]
}

/** A stream config, and whether it runs. */
export interface PipelineSpec {
  /** What foreign APIs call this resource. Set once; `metadata.name` where absent. Unique per namespace and kind in any letter case. */
  readonly id?: string
  /** Where messages come from: one component by name, with its config. */
  readonly input: Readonly<Record<string, unknown>>
  /** What holds messages between input and processors; none where absent. */
  readonly buffer?: Readonly<Record<string, unknown>>
  /** What happens to messages on their way. */
  readonly pipeline?: PipelineProcessors
  /** Where messages go: one component by name, with its config. */
  readonly output: Readonly<Record<string, unknown>>
  /** What becomes of a message that failed at a processor: flagged and delivered, or with `strict: true` past the processors that are left and rejected. */
  readonly error_handling?: Readonly<Record<string, unknown>>
  /** Labelled inputs that components of this pipeline refer to. */
  readonly input_resources?: readonly Readonly<Record<string, unknown>>[]
  /** Labelled processors that components of this pipeline refer to. */
  readonly processor_resources?: readonly Readonly<Record<string, unknown>>[]
  /** Labelled outputs that components of this pipeline refer to. */
  readonly output_resources?: readonly Readonly<Record<string, unknown>>[]
  /** Labelled caches that components of this pipeline refer to. */
  readonly cache_resources?: readonly Readonly<Record<string, unknown>>[]
  /** Labelled rate limits that components of this pipeline refer to. */
  readonly rate_limit_resources?: readonly Readonly<Record<string, unknown>>[]
  /** Tests of its processors; they do not run with it. */
  readonly tests?: readonly Readonly<Record<string, unknown>>[]
  /** Moves where it reads on. Each is carried out once, whatever happens afterwards: removing it, a restart or a rollback moves nothing. Where nothing was read before, it begins there. */
  readonly reset?: PipelineReset
  /** True stops it and keeps its position. */
  readonly paused: boolean
  /** Who it acts as; its owner where absent. */
  readonly runAs?: string
}
