/** One thing that a dump shows, with its place. */

export interface DumpLine {
  readonly kind: 'file' | 'batch' | 'record' | 'frame' | 'entry' | 'damaged' | 'rest'
  readonly path: string
  readonly position: number
  readonly text: string
}

export function dumpTime(us: number): string {
  return new Date(us / 1000).toISOString()
}
