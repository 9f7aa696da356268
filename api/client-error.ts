/** The answer to what is no HTTP request, or is one whose head is too long: plain text, before any path is known. */
import type { Socket } from 'node:net'

const ANSWERS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const answer = ANSWERS[error.code ?? ''] ?? '400 Bad Request'
  const headers = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${answer.length}`
  socket.end(`HTTP/1.1 ${answer}\r\nconnection: close\r\n${headers}\r\n\r\n${answer}`)
}
