/** A log or a queue of another make that acknowledges what is on the disk, for the same load on the same disk. */

export interface Peer extends AsyncDisposable {
  /** With its version, and how it was asked to be durable and driven. */
  readonly name: string
  readonly how: string
  /** One append of so many records of 1 KiB from the given lane; resolves once it is acknowledged. */
  append(lane: number): Promise<unknown>
}

export interface PeerOptions {
  /** Empty, on the disk that all is measured on. */
  readonly directory: string
  readonly inFlight: number
  readonly recordsPerAppend: number
  readonly data: Buffer
}

/** Undefined, with the reason, where the peer is not installed or cannot do what is asked. */
export type StartedPeer = Peer | { readonly missing: string }
