/**
 * Paths on the shared HTTP server, for components that receive over HTTP without a listener of their own.
 *
 * api/ implements it. The handler gets node's own request and response, with nothing read and nothing written.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

export type EndpointHandler = (request: IncomingMessage, response: ServerResponse) => void

export interface Endpoints {
  /**
   * Answers `path` and, where it ends with `/`, everything beneath it. A path that is taken throws ResourceBusy.
   * Disposing gives it back; requests for it then get 503.
   */
  mount(path: string, handler: EndpointHandler): Disposable
}
