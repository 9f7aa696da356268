/** Schemas of requests and answers, written short. They tell clients what to expect; handlers judge by themselves. */

export type OpenApiSchema = Readonly<Record<string, unknown>>

/** Named schemas that others refer to. */
export function reference(name: string): OpenApiSchema {
  return { $ref: `#/components/schemas/${name}` }
}

export function text(description: string, options: OpenApiSchema = {}): OpenApiSchema {
  return { type: 'string', description, ...options }
}

export function integer(description: string): OpenApiSchema {
  return { type: 'integer', format: 'int64', description }
}

export function flag(description: string): OpenApiSchema {
  return { type: 'boolean', description }
}

export function list(description: string, items: OpenApiSchema): OpenApiSchema {
  return { type: 'array', description, items }
}

/** Fields whose names end with `?` may be missing. */
export function object(
  description: string,
  fields: Readonly<Record<string, OpenApiSchema>>,
): OpenApiSchema {
  const names = Object.keys(fields)
  const required = names.filter((name) => !name.endsWith('?'))
  return {
    type: 'object',
    description,
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(
      names.map((name) => [name.replace(/\?$/, ''), fields[name] ?? {}]),
    ),
  }
}

/** An object whose fields are told elsewhere. */
export function anyObject(description: string): OpenApiSchema {
  return { type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true }
}
