/** How figures are summarised and printed. */

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export function printRow(name: string, figures: Readonly<Record<string, string>>): void {
  const cells = Object.entries(figures).map(([key, value]) => `${key} ${value}`)
  console.log(`${name.padEnd(44)} ${cells.join('   ')}`)
}

export const round = (value: number, digits = 1): string => value.toFixed(digits)
export const thousands = (value: number): string => Math.round(value).toLocaleString('en')
