/**
 * `headgate/testing`: runs whole pipelines on records, in memory and in milliseconds, for tests of any runner.
 *
 * Nothing reaches the network, a disk or another process: what would is mocked by the test, or refused by name.
 */
export type { FakeClock } from './fake-clock.ts'
export { fakeClock } from './fake-clock.ts'
export type { GivenRecord, GivenRecords, Headers } from './given-records.ts'
export type { FolderOptions, LoadedFolder } from './load-folder.ts'
export { loadFolder } from './load-folder.ts'
export type { HeadgateMatchers, MatcherContext, MatcherResult } from './matchers.ts'
export { headgateMatchers } from './matchers.ts'
export type { MemoryEngine, MemoryEngineOptions } from './memory-engine.ts'
export { memoryEngine } from './memory-engine.ts'
export type { DeadLetter, PipelineRun, RejectedRecord } from './pipeline-run.ts'
export type { GivenFor, OutputStandIn, ProcessorStandIn, RunOptions } from './run-declared.ts'
export type { RunPipelineOptions } from './run-pipeline.ts'
export { runPipeline } from './run-pipeline.ts'
export type { StreamedRecord, TestedRecord } from './tested-record.ts'
