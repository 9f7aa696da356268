/** How often something may happen; all components of a pipeline that name its label share the one budget. */
export interface RateLimit {
  /** Takes one access and answers 0, or takes none and answers after how many milliseconds to ask again. */
  access(): number | Promise<number>
  close?(): Promise<void>
}
