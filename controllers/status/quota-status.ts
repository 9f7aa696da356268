/** What a stream shows of the quota of its namespace: how full it is, and whether it refuses. Made when asked for. */
import { byteText } from '../../crds/size.ts'
import type { QuotaUse } from '../../engine/streams/quotas.ts'
import type { Condition } from './condition.ts'
import { isSo } from './conditions.ts'

/** Above it, somebody should look before appends are refused. */
export const QUOTA_SHARE_NEARLY_FULL = 0.8

export function quotaStatus({
  bytes,
  usedBytes,
  bytesPerSecond,
}: QuotaUse): Readonly<Record<string, unknown>> {
  return {
    ...(bytes === undefined ? {} : { bytes }),
    usedBytes,
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
  }
}

/** Nothing while there is room. */
export function quotaPressure(use: QuotaUse): Condition | undefined {
  const { namespace, bytes = Number.POSITIVE_INFINITY, usedBytes, bytesPerSecond = 0 } = use
  const held = `The streams of namespace ${namespace} hold ${byteText(usedBytes)} of ${byteText(bytes)}`
  if (use.refusing === 'bytes')
    return isSo('QuotaPressure', 'QuotaExceeded', `${held}; appends are refused.`)
  if (use.refusing === 'bytesPerSecond') {
    const rate = `More than ${byteText(bytesPerSecond)} a second come into namespace ${namespace}`
    return isSo('QuotaPressure', 'RateExceeded', `${rate}; some appends are refused.`)
  }
  return usedBytes > bytes * QUOTA_SHARE_NEARLY_FULL
    ? isSo('QuotaPressure', 'QuotaNearlyFull', `${held}; appends above it are refused.`)
    : undefined
}
