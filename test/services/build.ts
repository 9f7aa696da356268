/** Brings what the tests of this folder need, where it is missing. */
import { buildKafkaJars } from './kafka-jars.ts'

buildKafkaJars()
