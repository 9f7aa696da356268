/**
 * Paths on the shared HTTP server, for components that receive over HTTP without a listener of their own.
 *
 * api/ implements it. The handlers get node's own request, and response or socket, with nothing read and nothing written.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

export type EndpointHandler = (request: IncomingMessage, response: ServerResponse) => void

/** Takes the connection of a client over that asks for a websocket; `head` is what came of it already. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

export interface Endpoints {
  /**
   * Answers `path` and, where it ends with `/`, everything beneath it; `{name}` stands for one segment or a part of
   * one. Whoever asks for a websocket there is for `upgrade`, and refused without one. Any method is handed on. A path
   * that is taken throws ResourceBusy. Disposing gives it back; requests for it then get 503.
   */
  mount(path: string, handler: EndpointHandler, upgrade?: UpgradeHandler): Disposable
}
