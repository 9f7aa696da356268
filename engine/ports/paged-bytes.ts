/**
 * The bytes of one simulated file, in pages that are replaced and never changed: a write costs what it writes however
 * long the file is, a copy shares the pages, and a file of zeros is one page.
 */
const PAGE_BYTES = 4096
const ZERO_PAGE = Buffer.alloc(PAGE_BYTES)

export class PagedBytes {
  readonly #pages: Uint8Array[]
  #length: number

  constructor(copied?: PagedBytes) {
    this.#pages = copied === undefined ? [] : copied.#pages.slice()
    this.#length = copied === undefined ? 0 : copied.#length
  }

  get length(): number {
    return this.#length
  }

  /** How many bytes are there from the position on, up to what is asked for. */
  read(into: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(into.length, this.#length - position))
    for (let done = 0; done < length; ) {
      const start = (position + done) % PAGE_BYTES
      const page = this.#pages[Math.floor((position + done) / PAGE_BYTES)] ?? ZERO_PAGE
      const part = page.subarray(start, Math.min(PAGE_BYTES, start + length - done))
      into.set(part, done)
      done += part.length
    }
    return length
  }

  /** Keeps the bytes, which nobody may change any more. Behind the end, what lies between is zeros. */
  write(bytes: Uint8Array, position: number): void {
    const first = Math.floor(position / PAGE_BYTES)
    while (this.#pages.length < first) this.#pages.push(ZERO_PAGE)
    for (let done = 0; done < bytes.length; ) {
      const index = Math.floor((position + done) / PAGE_BYTES)
      const start = (position + done) % PAGE_BYTES
      const part = bytes.subarray(done, done + PAGE_BYTES - start)
      this.#pages[index] = patched(this.#pages[index] ?? ZERO_PAGE, part, start)
      done += part.length
    }
    if (bytes.length > 0) this.#length = Math.max(this.#length, position + bytes.length)
  }

  toBuffer(): Buffer {
    const whole = Buffer.alloc(this.#length)
    this.read(whole, 0)
    return whole
  }
}

function patched(page: Uint8Array, part: Uint8Array, start: number): Uint8Array {
  if (part.length === PAGE_BYTES) return ZERO_PAGE.equals(part) ? ZERO_PAGE : part
  const next = Buffer.from(page)
  next.set(part, start)
  return next
}
