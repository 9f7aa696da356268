/** What `adopt`, `transfer` and `release` share: one request, and a sentence of what came of it. */
import { clientOf } from './client.ts'
import { type Invocation, textOption } from './command.ts'

export interface OwnershipAnswer {
  readonly verb: 'adopt' | 'transfer' | 'release'
  readonly from?: string | null
  readonly to?: string | null
  /** False while it waits for the source's files to agree. */
  readonly done: boolean
  readonly message: string
}

export async function decideOwner(
  invocation: Invocation,
  verb: OwnershipAnswer['verb'],
  source: string | undefined,
): Promise<number> {
  const [{ declaredTargetOf, targetText }, { objectPath, withWhereToLook }] = await Promise.all([
    import('./target.ts'),
    import('./objects.ts'),
  ])
  const { kind, name } = await declaredTargetOf(invocation.arguments)
  const namespace = textOption(invocation, 'namespace') ?? 'default'
  const path = `${objectPath(kind, namespace, name)}/ownership`
  const body = source === undefined ? { verb } : { verb, source }
  const answer = await withWhereToLook(
    kind,
    clientOf(invocation).json<OwnershipAnswer>('POST', path, body),
  )
  const { say, paint } = invocation.terminal
  const mark = answer.done ? paint('green', '✓') : paint('yellow', '…')
  say(`${mark} ${targetText({ kind, name })}: ${answer.message}`)
  return 0
}
