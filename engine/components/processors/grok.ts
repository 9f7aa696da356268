/** Makes documents of texts with expressions of grok. */
import { globSync } from 'node:fs'
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import type { PipelineEnvironment } from '../../pipelines/pipeline.ts'
import { configFileNeeds, readConfigFile } from '../config-file.ts'
import { eachMessage } from '../each-message.ts'
import { compileGrok, documentOf, type GrokExpression, readPatternFile } from '../logs/grok.ts'
import { GROK_PATTERNS } from '../logs/grok-patterns.ts'

/** Files that `pattern_paths` may stand for. */
export const PATTERN_FILES_MAX = 100

interface GrokConfig {
  readonly expressions: readonly string[]
  readonly pattern_definitions: Readonly<Record<string, string>>
  readonly pattern_paths: readonly string[]
  readonly named_captures_only: boolean
  readonly use_default_patterns: boolean
  readonly remove_empty_values: boolean
}

export const grok: ProcessorDefinition = defineProcessor({
  name: 'grok',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Makes a document of each text with the first expression of grok that finds something.',
  description: `An expression is a regular expression of RE2 that names patterns: \`%{PATTERN}\`, \`%{PATTERN:field}\`,
\`%{PATTERN:field:type}\` with the type \`int\`, \`float\` or \`string\`. A field with dots in its name leads into objects. A
text in which no expression finds anything is flagged.

The patterns: ${Object.keys(GROK_PATTERNS)
    .map((name) => `\`${name}\``)
    .join(', ')}.`,
  config: Type.Object({
    expressions: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: 'Expressions, tried in this order.',
    }),
    pattern_definitions: Type.Unsafe<GrokConfig['pattern_definitions']>({
      type: 'object',
      additionalProperties: { type: 'string' },
      default: {},
      description: 'Patterns by their names.',
    }),
    pattern_paths: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description:
        'Files of patterns, a line each with a name, a blank and the pattern; `*`, `?`, `[…]` and `**` stand for names.',
    }),
    named_captures_only: Type.Boolean({
      default: true,
      description:
        'Whether `%{PATTERN}` finds nothing; else it finds a field of the pattern’s name.',
    }),
    use_default_patterns: Type.Boolean({
      default: true,
      description: 'Whether the patterns of grok itself are there.',
    }),
    remove_empty_values: Type.Boolean({
      default: true,
      description: 'Whether fields that are empty are left out.',
    }),
  }),
  needs: ({ pattern_paths }) =>
    pattern_paths.flatMap((path, index) =>
      configFileNeeds(reachOf(path), ['pattern_paths', index]),
    ),
  check: (config) => {
    // What the files say is known when it is built; it is judged then.
    if (config.pattern_paths.length > 0) return []
    return config.expressions.flatMap((expression, index) => {
      try {
        if (!expression.includes('${')) compile(expression, config, [])
        return []
      } catch (thrown) {
        const message = thrown instanceof Error ? thrown.message : String(thrown)
        return [{ path: ['expressions', index], message }]
      }
    })
  },
  examples: [
    {
      title: 'An access log',
      config: { expressions: ['%{COMMONAPACHELOG}'] },
      given: ['127.0.0.1 - ann [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326'],
      then: [
        {
          clientip: '127.0.0.1',
          ident: '-',
          auth: 'ann',
          timestamp: '10/Oct/2000:13:55:36 -0700',
          verb: 'GET',
          request: '/a.gif',
          httpversion: '1.0',
          response: '200',
          bytes: '2326',
        },
      ],
    },
    {
      title: 'A pattern and types of its own',
      config: {
        expressions: ['%{FLOW}'],
        pattern_definitions: {
          FLOW: '%{IP:source.address}:%{INT:source.port:int} %{NUMBER:seconds:float}',
        },
      },
      given: ['10.0.0.1:443 0.25'],
      then: [{ source: { address: '10.0.0.1', port: 443 }, seconds: 0.25 }],
    },
  ],
  build: (config, context) => {
    const files = patternFiles(config.pattern_paths, context.environment)
    const expressions = config.expressions.map((one) => compile(one, config, files))
    return eachMessage(context, (message) => {
      const text = Buffer.from(message.content()).toString()
      for (const expression of expressions) {
        const fields = expression(text)
        if (fields !== undefined) return message.withValue(documentOf(fields))
      }
      throw new HeadgateError('MappingFailed', 'no expression finds anything in the text')
    })
  },
})

type Patterns = readonly (readonly [string, string])[]

function compile(expression: string, config: GrokConfig, files: Patterns): GrokExpression {
  return compileGrok(expression, {
    patterns: new Map([
      ...(config.use_default_patterns ? Object.entries(GROK_PATTERNS) : []),
      ...files,
      ...Object.entries(config.pattern_definitions),
    ]),
    namedOnly: config.named_captures_only,
    removesEmpty: config.remove_empty_values,
  })
}

const WILDCARD = /[*?[\]{}]/

/** A path, or the folder that a pattern of names stays in. */
function reachOf(path: string): string {
  const at = path.search(WILDCARD)
  return at < 0 ? path : path.slice(0, path.lastIndexOf('/', at) + 1) || '.'
}

function patternFiles(paths: readonly string[], environment: PipelineEnvironment): Patterns {
  const names = paths.flatMap((path) => {
    if (!WILDCARD.test(path)) return [path]
    return globSync(path, { cwd: environment.directory }).sort()
  })
  if (names.length > PATTERN_FILES_MAX) {
    const message = `expected at most ${PATTERN_FILES_MAX} files of patterns, got ${names.length}`
    throw new HeadgateError('LimitExceeded', message)
  }
  return names.flatMap((name) =>
    readPatternFile(Buffer.from(readConfigFile(environment, name)).toString()),
  )
}
