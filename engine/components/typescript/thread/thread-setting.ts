/** What the thread was given, and its way back. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ModuleSetting, ThreadReply } from '../module-protocol.ts'

export const setting: ModuleSetting = workerData as ModuleSetting

export function post(reply: ThreadReply, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(reply, transfer)
}
