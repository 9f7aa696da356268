import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { ServedSockets, SOCKET_CLOSE_MS } from './served-sockets.ts'

/** A client that asks for a websocket, and never says another word. */
async function silent(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.write(
    'GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
      'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await new Promise<void>((resolve) => socket.once('data', () => resolve()))
  socket.on('error', () => {})
  return socket
}

test('a client that does not say goodbye is cut off after a while', async () => {
  const clock = new SimulatedClock()
  const sockets = new ServedSockets(clock)
  const server = createServer()
  let open = 0
  server.on('upgrade', (request, socket, head) =>
    sockets.accept(request, socket, head, () => {
      open += 1
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = await silent((server.address() as AddressInfo).port)
  expect(open).toBe(1)
  let over = false
  const closing = sockets.close().then(() => {
    over = true
  })
  clock.advance(SOCKET_CLOSE_MS - 1)
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  expect(over).toBe(false)
  clock.advance(1)
  await closing
  client.destroy()
  await new Promise((resolve) => server.close(resolve))
})

test('nobody is let in once it closes', async () => {
  const sockets = new ServedSockets(new SimulatedClock())
  const server = createServer()
  server.on('upgrade', (request, socket, head) => sockets.accept(request, socket, head, () => {}))
  await sockets.close()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
  const text = await new Promise<string>((resolve) =>
    socket.once('data', (chunk) => resolve(String(chunk))),
  )
  expect(text).toContain('503 Service Unavailable')
  socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})
