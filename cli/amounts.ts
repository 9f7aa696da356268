/** Counts and times as people read them. */

/** `1 record`, `2 records`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${count === 1 ? noun : `${noun}s`}`
}

/** `1,200,000`; the locale's own formatter would take longer to load than most commands take to run. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

export function millisecondsText(ms: number): string {
  return ms < 10_000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** From microseconds to days: `0.4 ms`, `12 ms`, `1.5 s`, `3m`. */
export function durationText(seconds: number): string {
  const ms = seconds * 1000
  if (ms < 1) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  return seconds < 120 ? `${seconds.toFixed(1)} s` : ageText(ms)
}

/** One number and its unit, as kubectl shows ages: `45s`, `3m`, `2h`, `5d`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}
