/** Deeper documents are refused: everything that reads values recurses. */
export const DOCUMENT_DEPTH_MAX = 1_000
