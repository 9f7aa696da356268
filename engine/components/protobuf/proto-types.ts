/** Message types out of `.proto` files, reduced to what reading and writing them takes. */
import type { Enum, Field, MapField, ReflectionObject, Root, Type } from 'protobufjs'
import { HeadgateError } from '../../error.ts'

export type ScalarKind =
  | 'double'
  | 'float'
  | 'int32'
  | 'uint32'
  | 'sint32'
  | 'fixed32'
  | 'sfixed32'
  | 'int64'
  | 'uint64'
  | 'sint64'
  | 'fixed64'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes'

export type ProtoKind =
  | { readonly kind: ScalarKind }
  | { readonly kind: 'enum'; readonly of: ProtoEnum }
  | { readonly kind: 'message'; readonly of: ProtoMessage; readonly isGroup: boolean }

export interface ProtoField {
  readonly id: number
  readonly name: string
  readonly jsonName: string
  readonly type: ProtoKind
  /** Of a map: what its keys are; `type` is what its values are. */
  readonly key: ScalarKind | undefined
  readonly isRepeated: boolean
  readonly isPacked: boolean
  /** Whether a value that is the default is told from none. */
  readonly hasPresence: boolean
  /** The name of the choice that it is part of. */
  readonly oneof: string | undefined
}

export interface ProtoEnum {
  readonly name: string
  readonly ids: ReadonlyMap<string, number>
  readonly names: ReadonlyMap<number, string>
}

export interface ProtoMessage {
  /** In full: `google.protobuf.Timestamp`. */
  readonly name: string
  readonly fields: readonly ProtoField[]
  readonly byId: ReadonlyMap<number, ProtoField>
  /** By either name that JSON may use. */
  readonly byName: ReadonlyMap<string, ProtoField>
}

export interface ProtoTypes {
  message(name: string): ProtoMessage | undefined
}

/** What a file is called by those that import it, and what it says. */
export type ProtoFiles = ReadonlyMap<string, string>

export async function protoTypes(files: ProtoFiles): Promise<ProtoTypes> {
  const library = await loadLibrary()
  const root = new library.Root()
  const known = new Set(files.keys())
  for (const [name, text] of files) {
    for (const wanted of parseFile(library, root, name, text)) {
      if (known.has(wanted)) continue
      known.add(wanted)
      const common = library.common.get(wanted)
      if (common === null) throw invalid(`${name} imports ${wanted}, which is not there`)
      if (common.nested !== undefined) root.addJSON(common.nested)
    }
  }
  try {
    root.resolveAll()
  } catch (thrown) {
    throw invalid((thrown as Error).message)
  }
  return new ReadTypes(root)
}

type Library = Pick<typeof import('protobufjs'), 'Root' | 'parse' | 'common'>

async function loadLibrary(): Promise<Library> {
  try {
    const { default: library } = await import('protobufjs')
    return library
  } catch (cause) {
    const message = 'the package protobufjs is not installed'
    throw new HeadgateError('ComponentConfigInvalid', message, {
      hint: 'Run: npm install protobufjs',
      cause,
    })
  }
}

function parseFile({ parse }: Library, root: Root, name: string, text: string): readonly string[] {
  try {
    const { imports = [], weakImports = [] } = parse(text, root, { keepCase: true })
    return [...imports, ...weakImports]
  } catch (thrown) {
    throw invalid(`${name}: ${(thrown as Error).message}`)
  }
}

class ReadTypes implements ProtoTypes {
  readonly #root: Root
  readonly #messages = new Map<string, ProtoMessage>()

  constructor(root: Root) {
    this.#root = root
  }

  message(name: string): ProtoMessage | undefined {
    const found: ReflectionObject | null = this.#root.lookup(name)
    return found !== null && 'fieldsArray' in found ? this.#read(found as Type) : undefined
  }

  #read(type: Type): ProtoMessage {
    const name = type.fullName.replace(/^\./, '')
    const known = this.#messages.get(name)
    if (known !== undefined) return known
    const fields: ProtoField[] = []
    const byId = new Map<number, ProtoField>()
    const byName = new Map<string, ProtoField>()
    const message: ProtoMessage = { name, fields, byId, byName }
    // Known before its fields are, which may be of its own type.
    this.#messages.set(name, message)
    for (const one of type.fieldsArray.toSorted((left, right) => left.id - right.id)) {
      const field = this.#field(one)
      fields.push(field)
      byId.set(field.id, field)
      byName.set(field.name, field)
      byName.set(field.jsonName, field)
    }
    return message
  }

  #field(field: Field): ProtoField {
    const { id, name, repeated, packed, map, partOf } = field
    const own = field.options?.['json_name']
    const isSynthetic = partOf?.isProto3Optional === true
    return {
      id,
      name,
      jsonName: typeof own === 'string' ? own : camelCased(name),
      type: this.#kind(field),
      key: map ? ((field as unknown as MapField).keyType as ScalarKind) : undefined,
      isRepeated: repeated,
      isPacked: packed,
      hasPresence: field.hasPresence,
      oneof: partOf === null || isSynthetic ? undefined : partOf.name,
    }
  }

  #kind({ resolvedType, type, delimited }: Field): ProtoKind {
    if (resolvedType === null) return { kind: type as ScalarKind }
    if ('fieldsArray' in resolvedType) {
      return { kind: 'message', of: this.#read(resolvedType), isGroup: delimited }
    }
    return { kind: 'enum', of: readEnum(resolvedType) }
  }
}

function readEnum({ fullName, values }: Enum): ProtoEnum {
  const entries = Object.entries(values)
  return {
    name: fullName.replace(/^\./, ''),
    ids: new Map(entries),
    // Of names for one number the first counts.
    names: new Map(entries.toReversed().map(([name, id]) => [id, name])),
  }
}

/** As protoc makes the names of JSON. */
function camelCased(name: string): string {
  return name.replace(/_+([a-zA-Z0-9])?/g, (_, letter = '') => (letter as string).toUpperCase())
}

function invalid(message: string): HeadgateError {
  return new HeadgateError('ComponentConfigInvalid', `expected files of protobuf: ${message}`)
}
