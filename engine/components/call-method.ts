/** A processor that is a method of Bloblang: the codec, its limits and its errors are those of the method. */
import type { BuildContext } from '../pipelines/build-context.ts'
import type { Processor } from '../pipelines/component.ts'
import { mapBatch } from './map-batch.ts'

/** `arguments_` are written as literals; `target` is what the method is called on. */
export function callMethod(
  context: BuildContext,
  target: 'content()' | 'this',
  name: string,
  arguments_: Readonly<Record<string, string | number | boolean>> = {},
): Processor {
  const list = Object.entries(arguments_).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  const mapping = context.mapping(`root = ${target}.${name}(${list.join(', ')})`)
  return mapBatch(context, (batch, index) => mapping.map(batch, index))
}
