/** The files that a mapping names with `import` and `from`, read by whoever may. */

export interface MappingFiles {
  /**
   * The file at a path as a mapping spells it: relative to the file that names it, or, in a text that is no file, to
   * wherever the reader begins. Throws HeadgateError when it may not or cannot be read.
   */
  read(path: string, namedBy: string | undefined): MappingFile
}

export interface MappingFile {
  /** The same for every spelling of the same file; `namedBy` of what it names itself. */
  readonly path: string
  readonly bytes: Uint8Array
}
