/** `headgate blobl serve`: an endpoint on this machine that maps posted documents, for trying mappings out. */
import type { CommandDefinition, Invocation } from './command.ts'
import { textOption } from './command.ts'

const LISTEN_DEFAULT = '127.0.0.1:4196'

export const bloblServe: CommandDefinition = {
  name: 'blobl serve',
  summary: 'Map posted documents over HTTP on this machine, under limits.',
  arguments: [],
  options: [
    {
      flags: '--listen <HOST:PORT>',
      summary: 'Where to listen; port 0 lets the system choose.',
      byDefault: LISTEN_DEFAULT,
    },
  ],
  examples: [
    'headgate blobl serve',
    `curl -d '{"mapping": "root = this.a", "documents": ["{\\"a\\": 1}"]}' http://127.0.0.1:4196/map`,
  ],
  stopsInOrder: true,
  run: runBloblServe,
}

async function runBloblServe(invocation: Invocation): Promise<number> {
  const [{ parseListenAddress }, { listenForMappings }] = await Promise.all([
    import('../api/listen-address.ts'),
    import('./blobl-server.ts'),
  ])
  const { terminal, signal } = invocation
  const address = parseListenAddress(textOption(invocation, 'listen') ?? LISTEN_DEFAULT)
  await using server = await listenForMappings(address)
  await terminal.print(`Mapping documents on ${server.url}/map\n`)
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
  return 0
}
