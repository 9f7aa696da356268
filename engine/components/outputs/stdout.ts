/** Writes messages to the standard output of the process, in whole batches, and waits until they were taken. */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import { defineOutput, type OutputDefinition } from '../../pipelines/component.ts'
import { codecFaults, codecField, delimiterOf, framed } from '../codec.ts'

export const stdout: OutputDefinition = defineOutput({
  name: 'stdout',
  status: 'stable',
  effects: 'write',
  summary: 'Writes messages to standard output.',
  config: Type.Object({ codec: codecField }),
  alone: true,
  delivery: 'sends',
  batching: true,
  examples: [
    { title: 'A line each', config: {} },
    { title: 'With another separator', config: { codec: 'delim:;' } },
  ],
  check: ({ codec }) => codecFaults(codec),
  build: ({ codec }, { environment }) => {
    const delimiter = delimiterOf(codec)
    const { stdout: target } = environment
    let connected = false
    return {
      connect: async () => {
        if (!connected) target.on('error', ignored)
        connected = true
      },
      write: (batch) => written(target, framed(batch, delimiter)),
      close: async () => {
        target.off('error', ignored)
      },
    }
  },
})

function written(target: NodeJS.WritableStream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    target.write(bytes, (cause) => {
      if (cause === undefined || cause === null) resolve()
      else reject(new HeadgateError('OutputFailed', 'standard output was closed', { cause }))
    })
  })
}

/** The write that failed reports it; without a listener it would end the process. */
function ignored(): void {}
