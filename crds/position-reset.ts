/** `spec.reset` of what reads streams: a move of where it reads on that is carried out once. */
import { group, ID_LENGTH_MAX, ID_PATTERN, ID_TEXT, list, nameOf, optional, text } from './field.ts'
import type { TSchema } from './typebox.ts'
import { Type } from './typebox.ts'

/** As many as a stream may have. */
const SHARDS_MAX = 4096
const PLACE_PATTERN =
  '^(earliest|latest|[0-9]{1,15}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))$'

/** `several`: it may read more than one stream. */
export function resetField(several: boolean): TSchema {
  return optional(
    group(
      several ? 'PipelineReset' : 'SinkReset',
      'Moves where it reads on. Each is carried out once, whatever happens afterwards: removing it, a restart or a rollback moves nothing. Where nothing was read before, it begins there.',
      {
        id: text(
          'Tells one reset from another: to do the same once more, give it another id.',
          ID_LENGTH_MAX,
          { pattern: ID_PATTERN, patternText: ID_TEXT, examples: ['new-prices'] },
        ),
        to: place(),
        ...(several
          ? {
              stream: optional(
                nameOf('The one that is meant, where it reads several; all where absent.'),
              ),
            }
          : {}),
        shards: optional(
          list('Just these; all where absent.', shard(), {
            minItems: 1,
            maxItems: SHARDS_MAX,
            'x-kubernetes-list-type': 'atomic',
          }),
        ),
      },
    ),
  )
}

/** YAML reads a sequence as a number. */
function place(): TSchema {
  return Type.Unsafe<unknown>({
    description:
      '`earliest`, `latest`, a sequence, or a time in RFC 3339: the first record that arrived then or later.',
    examples: ['earliest'],
    'x-kubernetes-int-or-string': true,
    anyOf: [
      { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      {
        type: 'string',
        maxLength: 64,
        pattern: PLACE_PATTERN,
        patternText: 'earliest, latest, a sequence or a time such as 2026-01-31T12:00:00Z',
      },
    ],
  })
}

function shard(): TSchema {
  return Type.Unsafe<unknown>({
    type: 'integer',
    description: 'Its number.',
    minimum: 0,
    maximum: SHARDS_MAX - 1,
  })
}
