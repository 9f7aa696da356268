/** For tests: a buffer as a pipeline builds it. */
import type { Buffer } from '../../pipelines/component.ts'
import { ComponentBuilder } from '../../pipelines/component-builder.ts'
import { Health } from '../../pipelines/health.ts'
import type { PipelineEnvironment } from '../../pipelines/pipeline.ts'
import { readSpec } from '../../pipelines/spec.ts'

export async function builtBuffer(
  config: unknown,
  environment: PipelineEnvironment,
): Promise<Buffer> {
  const builder = new ComponentBuilder(environment, {
    health: new Health(environment.logger, environment.name),
    resources: readSpec({}).resources,
    signal: new AbortController().signal,
  })
  const built = await builder.buffer(config, ['buffer'])
  if (built === undefined) throw new Error('the buffer is none')
  return built.buffer
}
