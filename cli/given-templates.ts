/** `-t`: the templates that configs use, and those that lie among the files themselves. */
import { isTemplateFile } from '../controllers/sets/config-names.ts'
import { readTemplateFile, templatesOf } from '../controllers/sets/template-file.ts'
import { HeadgateError } from '../engine/error.ts'
import type { Templates } from '../engine/pipelines/templates/template.ts'
import { type NamedFile, namedFiles } from './config-paths.ts'

/** A template that is given and is none is refused; one that was merely found is told of where it is judged. */
export async function givenTemplates(
  paths: readonly string[],
  beside: readonly NamedFile[],
): Promise<Templates> {
  const given = paths.length === 0 ? [] : await namedFiles(paths)
  // Of a folder those that are named as templates are; what somebody names is one in any case.
  const read = given
    .filter(({ path, found }) => !found || isTemplateFile(path))
    .map(({ path, bytes }) => readTemplateFile(path, bytes))
  const wrong = read.flatMap(({ problems }) =>
    problems.filter(({ severity }) => severity === 'error'),
  )
  const [first] = wrong
  if (first !== undefined) {
    const { file, line, column, message } = first
    throw new HeadgateError('Invalid', `${file}:${line}:${column}: ${message}`)
  }
  const found = beside
    .filter(({ path }) => isTemplateFile(path))
    .map(({ path, bytes }) => readTemplateFile(path, bytes))
  return templatesOf([...read, ...found].flatMap(({ template }) => template ?? []))
}
