/** The Kafka client, loaded once somebody connects: whoever does not use Kafka neither installs nor waits for it. */
import { HeadgateError } from '../../error.ts'

export type Kafka = typeof import('@platformatic/kafka')

export async function loadKafka(): Promise<Kafka> {
  try {
    return await import('@platformatic/kafka')
  } catch (cause) {
    throw new HeadgateError(
      'ComponentConfigInvalid',
      'expected the package that speaks the protocol of Kafka, got none',
      { cause, hint: 'Install it: npm install @platformatic/kafka' },
    )
  }
}

/** Whatever the client says, a broker that cannot be used is away, and is tried again for ever. */
export function brokerAway(thrown: unknown): HeadgateError {
  if (thrown instanceof HeadgateError) return thrown
  const reasons = [...new Set(leavesOf(thrown).map((error) => error.message))]
  return new HeadgateError('NotConnected', `Kafka: ${reasons.join(' ')}`, { cause: thrown })
}

/** The client gathers errors in errors; what happened stands at the ends. */
export function leavesOf(thrown: unknown): readonly Error[] {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.flatMap(leavesOf)
  return [error]
}
