/** The connections of an HTTP client: with its TLS settings, through its proxy, and where answers point to. */
import type { buildConnector, Dispatcher } from 'undici'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import { type TlsConfig, tlsOptions } from '../tls-fields.ts'

/** An answer that points somewhere else after so many did is given as it is. */
export const REDIRECTS_MAX = 10
/** Requests that run at once to one place wait for a connection beyond these. */
export const CONNECTIONS_MAX = 256

export interface DispatcherConfig {
  readonly tls: TlsConfig
  readonly proxy_url: string
  readonly follow_redirects: boolean
  readonly disable_http2: boolean
}

export interface OpenDispatcher {
  readonly dispatcher: Dispatcher
  /** Cuts what is under way. */
  close(): Promise<void>
}

/** To be called in `connect`; it reads files and opens nothing yet. */
export async function openDispatcher(
  { tls, proxy_url, follow_redirects, disable_http2 }: DispatcherConfig,
  context: Pick<BuildContext, 'environment'>,
): Promise<OpenDispatcher> {
  const connect = (await tlsOptions(tls, context)) as buildConnector.BuildOptions | undefined
  // Whoever only judges a config has no use for an HTTP client.
  const { Agent, ProxyAgent, interceptors } = await import('undici')
  const common = { connections: CONNECTIONS_MAX, allowH2: !disable_http2 }
  const secured = connect === undefined ? {} : { connect }
  const agent =
    proxy_url === ''
      ? new Agent({ ...common, ...secured })
      : new ProxyAgent({
          ...common,
          uri: proxyAddress(proxy_url),
          ...(connect === undefined ? {} : { requestTls: connect }),
        })
  return {
    dispatcher: follow_redirects
      ? agent.compose(interceptors.redirect({ maxRedirections: REDIRECTS_MAX }))
      : agent,
    close: () => agent.destroy(),
  }
}

function proxyAddress(text: string): string {
  if (URL.canParse(text)) return text
  throw new HeadgateError('ComponentConfigInvalid', 'expected a URL in proxy_url')
}
