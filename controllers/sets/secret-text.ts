/** Which names belong to secrets, and how a line is shown without them. */

const SECRET_NAME =
  /authorization|passw(or)?d|passphrase|secret|token|cookie|credential|api[-_]?key|access[-_]?key|private[-_]?key|shared[-_]?key|^sas$/i
const MASK = '***'
const FIELD =
  /((?:^|[\s{,"'-])["']?[\w.-]*(?:authorization|passw(?:or)?d|passphrase|secret|token|cookie|credential|api[-_]?key|access[-_]?key|private[-_]?key|shared[-_]?key)[\w.-]*["']?\s*:\s*)("(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]]*\]|[^\s{}[\],][^,}\]]*)/gi
const USER_INFO = /(\w+:\/\/)[^\s/@]+@/g

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** A line of a file as it may be printed. What refers to a secret stays, what is one does not. */
export function maskLine(line: string): string {
  return line.replace(FIELD, `$1${MASK}`).replace(USER_INFO, `$1${MASK}@`)
}

export function hasUserInfo(text: string): boolean {
  USER_INFO.lastIndex = 0
  return USER_INFO.test(text)
}
