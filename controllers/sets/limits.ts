/** How much a set may hold. All limits are inclusive, and are looked at before the work that they bound. */

export const FILE_BYTES_MAX: number = 1024 * 1024
export const FILE_DOCUMENTS_MAX = 1000

/** What one text may hold that is read as a whole. */
export interface FileLimits {
  readonly bytesMax: number
  readonly documentsMax: number
  /** Of one document; DOCUMENT_TOKENS_MAX where absent. */
  readonly tokensMax?: number
}
export const FILE_LIMITS: FileLimits = {
  bytesMax: FILE_BYTES_MAX,
  documentsMax: FILE_DOCUMENTS_MAX,
}
/** What is piped in is a whole set in one text, and whoever made it cannot split it. */
export const PIPED_LIMITS: FileLimits = { bytesMax: 64 * 1024 * 1024, documentsMax: 20_000 }

/** A scalar document has none; each mapping or list adds one. */
export const LEVELS_MAX = 64
/** In bare Connect configs; documents with apiVersion may have none. */
export const ALIASES_MAX = 100
/** Words, marks and breaks of one document: bounds the work and the memory of parsing it. */
export const DOCUMENT_TOKENS_MAX = 100_000
/** What one document may grow to once its aliases are followed. */
export const DOCUMENT_NODES_MAX = 200_000
/** Problems of one file; the rest of them is counted, not listed. */
export const FILE_PROBLEMS_MAX = 200
export const SET_FILES_MAX = 20_000
export const SET_BYTES_MAX: number = 512 * 1024 * 1024
