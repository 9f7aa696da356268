/**
 * Who may import whom. THINK HARD ABOUT THE LAYERING OF THE PROJECT BEFORE CHANGING THIS FILE.
 *
 * Imports go one way: crds ← engine ← controllers ← api ← cli. A package is named for the folder or the one file that
 * may import it; what is not named here may not be imported at all.
 */

/** Folder → the folders that it may import. The longest folder that a file lies in counts. */
export const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  crds: ['crds'],
  engine: ['crds', 'engine'],
  controllers: ['crds', 'engine', 'controllers'],
  api: ['crds', 'engine', 'controllers', 'api'],
  cli: ['crds', 'engine', 'controllers', 'api', 'cli'],
  // For programs of other people, in pages too: types of the kinds, and nothing that runs.
  client: ['crds', 'client'],
  // For programs of other people, too: types, and nothing that runs.
  processor: ['processor'],
  // For tests of other people, in any runner.
  testing: ['crds', 'engine', 'controllers', 'testing'],
  bench: ['crds', 'engine', 'controllers', 'api', 'cli', 'bench', 'test'],
  scripts: ['crds', 'engine', 'controllers', 'api', 'cli', 'scripts'],
  test: [
    'crds',
    'engine',
    'controllers',
    'api',
    'cli',
    'client',
    'processor',
    'testing',
    'scripts',
    'test',
  ],
}

/** Package → the folders and files that may import it. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@elastic/elasticsearch': ['engine/components/elasticsearch', 'test/services'],
  '@marcbachmann/cel-js': ['controllers/plan/change-rule.ts'],
  '@jmespath-community/jmespath': ['engine/components/jmespath.ts'],
  '@platformatic/kafka': ['engine/components/kafka', 'test/services'],
  '@faker-js/faker': ['engine/bloblang/functions/fake.ts'],
  '@msgpack/msgpack': ['engine/bloblang/methods/msgpack.ts'],
  '@prometheus-io/client': ['api/engine-metrics.ts', 'api/metrics.ts'],
  '@opentelemetry/api': ['engine/ports/open-telemetry.ts'],
  ajv: ['engine/bloblang/methods/json-schema.ts', 'engine/events/json-schema.ts'],
  bcryptjs: ['engine/bloblang/methods/passwords.ts'],
  chokidar: ['controllers/sources/folder-watch.ts'],
  commander: ['cli/program.ts'],
  croner: ['engine/components/inputs/interval.ts'],
  entities: ['engine/bloblang/methods/escaping.ts'],
  fastify: ['api'],
  htmlparser2: ['engine/bloblang/methods/strip-html.ts'],
  hyparquet: ['engine/bloblang/methods/parquet.ts', 'engine/components/processors/parquet.test.ts'],
  'hyparquet-writer': ['engine/components/parquet/write-parquet.ts'],
  ignore: ['controllers/sources/file-walk.ts'],
  'jq-web': ['engine/components/processors/jq.ts'],
  'json-p3': ['engine/bloblang/methods/json-path.ts'],
  'mmdb-lib': ['engine/bloblang/methods/geoip.ts'],
  'p-queue': ['controllers/apply'],
  pino: ['cli/pino-logger.ts'],
  'quickjs-emscripten': ['engine/components/processors/javascript.ts'],
  protobufjs: [
    'engine/components/protobuf/proto-types.ts',
    'engine/components/processors/protobuf.test.ts',
  ],
  re2js: ['engine/bloblang'],
  rfc6902: ['api/native/writes/patch.ts'],
  sax: ['engine/bloblang/formats/parse-xml.ts'],
  'seek-bzip': ['engine/bloblang/methods/compression.ts'],
  snappyjs: ['engine/bloblang/formats/snappy.ts'],
  transliteration: ['engine/bloblang/methods/slug.ts'],
  typebox: ['crds/typebox.ts'],
  undici: ['controllers/alerts/post-json.ts', 'engine/components'],
  ws: ['engine/components'],
  yaml: [
    'controllers/sets',
    'cli/declarable.ts',
    'cli/serialised.ts',
    'cli/snapshot.ts',
    'engine/bloblang/methods/yaml.ts',
    'engine/components/dynamic/posted-config.ts',
  ],
}

/** Packages that tests, benchmarks and scripts use besides; any other file may not. */
export const DEVELOPMENT_PACKAGES: readonly string[] = [
  'vitest',
  'fast-check',
  'avsc',
  '@opentelemetry/sdk-trace-base',
  '@opentelemetry/core',
  '@opentelemetry/context-async-hooks',
]
