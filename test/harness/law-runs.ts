/** How often the laws of the control plane are tried: a share with every test run, all of it while soaking. */

/** `HEADGATE_LAW_RUNS` says how many cases `npm run soak` asks for. */
export function runsOf(usual: number): number {
  const asked = Number(process.env['HEADGATE_LAW_RUNS'] ?? 0)
  return Number.isSafeInteger(asked) && asked > usual ? asked : usual
}

/** A law that is tried ten thousand times takes longer than a test may. */
export const LAW_MS_MAX = 3_600_000
