/** Starts one broker for every test of this folder, and stops it when they are done. */
import type { TestProject } from 'vitest/node'
import { type KafkaAddresses, startKafkaBroker } from './kafka-broker.ts'
import { buildKafkaJars } from './kafka-jars.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    readonly kafka: KafkaAddresses
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const broker = await startKafkaBroker(buildKafkaJars())
  project.provide('kafka', broker.addresses)
  return async () => broker[Symbol.asyncDispose]()
}
