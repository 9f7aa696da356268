/**
 * The fields of inputs that read bytes: the scanner, and what there was before scanners.
 *
 * A codec is a chain of words, parted by "/": `gzip/csv` is CSV that was compressed. It stands for a scanner, and is read
 * instead of one where it is given.
 */
import { type TUnsafe, Type } from '../../../crds/typebox.ts'
import { asHeadgateError, HeadgateError } from '../../error.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import { conformConfig } from '../../pipelines/config-check.ts'
import { DECOMPRESS_ALGORITHMS } from './decompress.ts'
import type { OpenScanner } from './scanner.ts'
import { openScanner, SCANNER_DEPTH_MAX, scannerFaults, scannerField } from './scanner-field.ts'

const CODEC_BUFFER_BYTES_DEFAULT = 1_000_000

export interface ReaderConfig {
  readonly scanner: unknown
  readonly codec: string
  readonly max_buffer: number
}

type Scanner = Readonly<Record<string, unknown>>
type Path = readonly (string | number)[]

export const readerFields: {
  readonly scanner: TUnsafe<unknown>
  readonly codec: TUnsafe<string>
  readonly max_buffer: TUnsafe<number>
} = {
  scanner: scannerField,
  codec: Type.Unsafe<string>({
    type: 'string',
    default: '',
    deprecated: true,
    description: 'Deprecated: use `scanner`. Where it is given, it takes its place.',
    examples: ['lines', 'gzip/csv', 'delim:;'],
  }),
  max_buffer: Type.Unsafe<number>({
    type: 'integer',
    minimum: 1,
    default: CODEC_BUFFER_BYTES_DEFAULT,
    deprecated: true,
    description: 'Deprecated: use `scanner`. With `codec`, a longer line, in bytes, is refused.',
  }),
}

export function readerFaults(config: ReaderConfig, at: Path = []): readonly ConfigFault[] {
  if (config.codec === '') return scannerFaults(config.scanner, [...at, 'scanner'])
  if (config.codec.includes('${')) return []
  const path = [...at, 'codec']
  try {
    return scannerFaults(chosenScanner(config), path).map((fault) => ({ ...fault, path }))
  } catch (thrown) {
    const { message, hint } = asHeadgateError(thrown)
    return [{ path, message, ...(hint === undefined ? {} : { hint }) }]
  }
}

/** Of fields that have no faults. */
export function openReader(config: ReaderConfig): OpenScanner {
  return openScanner(chosenScanner(config))
}

function chosenScanner({ scanner, codec, max_buffer }: ReaderConfig): unknown {
  if (codec === '') return scanner
  // One more than may be nested: what is longer is refused for its depth.
  const chain = codec.split('/', SCANNER_DEPTH_MAX + 1)
  return conformConfig(scannerField, codecScanner(chain, max_buffer))
}

/** What a codec stands for; throws where it stands for nothing. */
function codecScanner(chain: readonly string[], bufferBytes: number): Scanner {
  const [word = '', ...rest] = chain
  const colon = word.indexOf(':')
  const name = colon < 0 ? word : word.slice(0, colon)
  const option = colon < 0 ? '' : word.slice(colon + 1)
  const into = (): Scanner =>
    rest.length === 0 ? { to_the_end: {} } : codecScanner(rest, bufferBytes)
  if (DECOMPRESS_ALGORITHMS.includes(name)) return { decompress: { algorithm: name, into: into() } }
  if (name === 'skipbom') return { skip_bom: { into: into() } }
  const last = lastScanner(name, option, bufferBytes)
  if (last === undefined) throw invalid(`expected a codec, got ${JSON.stringify(word)}`)
  if (rest.length === 0) return last
  if (rest.includes('multipart')) throw invalid('the codec multipart is not supported')
  throw invalid(`expected no codec after ${word}, got ${rest.join('/')}`)
}

function lastScanner(name: string, option: string, bufferBytes: number): Scanner | undefined {
  switch (name) {
    case 'auto':
      return AUTO
    case 'all-bytes':
      return { to_the_end: {} }
    case 'avro-ocf':
      return { avro: { raw_json: option === 'marshaler=json' } }
    case 'chunker':
      return { chunker: { size: sizeOf(option) } }
    case 'csv':
    case 'csv-safe':
      return { csv: { custom_delimiter: option, continue_on_error: name === 'csv-safe' } }
    case 'delim':
      if (option === '') throw invalid('expected a delimiter after delim:, got none')
      return { lines: { custom_delimiter: option, max_buffer_size: bufferBytes } }
    case 'lines':
      return { lines: { max_buffer_size: bufferBytes } }
    case 'regex':
      return { re_match: { pattern: option, max_buffer_size: bufferBytes } }
    case 'tar':
      return { tar: {} }
    default:
      return undefined
  }
}

/** By the end of the name of what is read. */
const AUTO: Scanner = {
  switch: [
    { re_match_name: '[.]csv$', scanner: { csv: {} } },
    { re_match_name: '[.]csv[.]gz$', scanner: gunzip({ csv: {} }) },
    { re_match_name: '[.]tar$', scanner: { tar: {} } },
    { re_match_name: '[.](tar[.]gz|tgz)$', scanner: gunzip({ tar: {} }) },
    { re_match_name: '[.]gz$', scanner: gunzip({ to_the_end: {} }) },
    { scanner: { to_the_end: {} } },
  ],
}

function gunzip(into: Scanner): Scanner {
  return { decompress: { algorithm: 'gzip', into } }
}

function sizeOf(option: string): number {
  const size = Number(option)
  if (/^\d+$/.test(option) && Number.isSafeInteger(size) && size > 0) return size
  throw invalid(`expected a number of bytes after chunker:, got ${JSON.stringify(option)}`)
}

function invalid(message: string): HeadgateError {
  const hint = 'Codecs are deprecated: write a scanner instead.'
  return new HeadgateError('ComponentConfigInvalid', message, { hint })
}
