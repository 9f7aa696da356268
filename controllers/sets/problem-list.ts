/** Collects what is wrong with one document: paths in, places in the file out. */
import type { Problem } from './problem.ts'
import type { ProblemInput, SourceText } from './source-text.ts'
import { at, locate, locateWithin, type Path, type Tree } from './tree.ts'

export interface PathProblem extends ProblemInput {
  readonly path: Path
  readonly at: 'key' | 'value'
  /** Line and column within the text at the path. */
  readonly inText?: { readonly line: number; readonly column: number }
}

export class ProblemList {
  readonly problems: Problem[] = []
  readonly source: SourceText
  readonly #tree: Tree

  constructor(source: SourceText, tree: Tree) {
    this.source = source
    this.#tree = tree
  }

  add({ path, at: which, inText, ...input }: PathProblem): void {
    this.problems.push(placeProblem(this.source, this.#tree, path, which, inText, input))
  }

  get hasErrors(): boolean {
    return this.problems.some(({ severity }) => severity === 'error')
  }
}

function placeProblem(
  source: SourceText,
  tree: Tree,
  path: Path,
  which: 'key' | 'value',
  inText: PathProblem['inText'],
  input: ProblemInput,
): Problem {
  const node = at(tree, path)
  const span =
    inText !== undefined && node?.kind === 'scalar'
      ? locateWithin(source, node, inText)
      : locate(tree, path, which)
  return source.problem(span, input)
}
