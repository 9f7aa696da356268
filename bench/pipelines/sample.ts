/** What a measured process tells of its run: lines of JSON on its standard output. */
import { spawn } from 'node:child_process'
import { median } from '../figures.ts'

export interface Sample {
  readonly records: number
  readonly ms: number
  /** Of all threads. */
  readonly cpuUs: number
  readonly peakMiB: number
}

/** Runs `run` and prints what it took; what comes before it does not count. */
export async function printSample(run: () => Promise<number>): Promise<void> {
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  const records = await run()
  const ms = performance.now() - startedMs
  const { user, system } = process.cpuUsage(cpu)
  const peakMiB = process.resourceUsage().maxRSS / 1024
  const sample: Sample = { records, ms, cpuUs: user + system, peakMiB }
  process.stdout.write(`${JSON.stringify(sample)}\n`)
}

export interface MeasuredProcess {
  /** Resolves with what it prints before it is measured, such as an address. */
  readonly ready: Promise<string>
  readonly samples: Promise<readonly Sample[]>
}

/** A process of Node with a script of ours; its first line is for `ready`, the others are samples. */
export function measuredProcess(script: string, given: readonly string[]): MeasuredProcess {
  const child = spawn(process.execPath, [script, ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ready = Promise.withResolvers<string>()
  const lines: string[] = []
  let rest = ''
  child.stdout.on('data', (chunk) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    if (lines[0] !== undefined) ready.resolve(lines[0])
  })
  const samples = new Promise<readonly Sample[]>((resolve, reject) => {
    child.on('close', (code) => {
      ready.resolve('')
      if (code === 0) resolve(lines.slice(1).map((line) => JSON.parse(line) as Sample))
      else reject(new Error(`${script} ended with ${code}`))
    })
  })
  return { ready: ready.promise, samples }
}

export const cpuUsOf = (samples: readonly Sample[]): number =>
  median(samples.map(({ cpuUs, records }) => cpuUs / records))

export const rateOf = (samples: readonly Sample[]): number =>
  median(samples.map(({ records, ms }) => records / (ms / 1_000)))

export const peakOf = (samples: readonly Sample[]): number =>
  Math.max(...samples.map(({ peakMiB }) => peakMiB))
