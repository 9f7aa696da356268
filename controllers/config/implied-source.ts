/** The source that `headgate up FOLDER` implies: the folder, with everything granted to whoever started it. */
import { resolve } from 'node:path'
import type { Grants, Scope, SourceDeclaration } from '../sources/source.ts'

export const SCOPE_ALL: Scope = { namespaces: undefined, kinds: undefined }

export const GRANTS_ALL: Grants = {
  namespaces: undefined,
  kinds: undefined,
  files: ['/'],
  env: ['*'],
  commands: true,
  listeners: ['*'],
  declaredIn: undefined,
}

export function impliedSource(folder: string, name: string): SourceDeclaration {
  return {
    name,
    type: 'directory',
    location: resolve(folder),
    scope: SCOPE_ALL,
    grants: GRANTS_ALL,
    atomic: false,
    prune: true,
  }
}
