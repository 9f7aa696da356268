/** What the commit path tells of itself. */
import { Histogram } from './histogram.ts'

export class CommitMeasures {
  /** From submission to acknowledgement. */
  readonly appendSeconds: Histogram = new Histogram()
  readonly syncSeconds: Histogram = new Histogram()
  /** Requests for which the queue had no room. */
  refused = 0
}
