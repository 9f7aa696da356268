/** What to do about a module that does not load, where Node says only what it met. */

/** `folder`: where a package would be installed. */
export function adviceOf(
  message: string,
  folder: string,
  exists: (path: string) => boolean,
): string | undefined {
  for (const [pattern, advice] of ADVICE) {
    const found = pattern.exec(message)
    if (found !== null) return advice(found[1] ?? '', folder, exists)
  }
  return undefined
}

type Advice = (
  what: string,
  folder: string,
  exists: (path: string) => boolean,
) => string | undefined

const ADVICE: readonly (readonly [pattern: RegExp, advice: Advice])[] = [
  [
    /enum is not supported/,
    () => 'types are only taken out, so write an object with `as const` instead',
  ],
  [
    /namespace declaration is not supported/,
    () => 'types are only taken out, so export what is in it by itself',
  ],
  [
    /parameter property is not supported/,
    () => 'types are only taken out, so declare the field and assign it in the constructor',
  ],
  [
    /is not supported in strip-only mode/,
    () => 'types are only taken out, so write what JavaScript has',
  ],
  [
    /^Cannot find package '([^']+)'/,
    (name, folder) => `install it: npm install --prefix ${folder} ${name}`,
  ],
  [/^Cannot find module '([^']+)'/, (path, _folder, exists) => missingAdvice(path, exists)],
  [/Directory import '/, () => 'name the file in it, such as index.ts'],
  [
    /does not provide an export named '([^']+)'/,
    (name) => `if it is a type, write import type { ${name} }`,
  ],
  [
    /needs an import attribute of "type: json"/,
    () => "write with { type: 'json' } after the import",
  ],
  [/^ReferenceError: require is not defined/, () => 'or end the name of the file in .cjs'],
  [
    /^ReferenceError: (?:module|exports) is not defined/,
    () => 'write export default, or end the name of the file in .cjs',
  ],
]

/** An import names a file in whole. */
function missingAdvice(path: string, exists: (path: string) => boolean): string | undefined {
  const bare = path.replace(/\.[mc]?js$/, '')
  const meant = [...['.ts', '.mts', '.js', '.mjs', '/index.ts', '/index.js']]
    .map((ending) => bare + ending)
    .find((candidate) => candidate !== path && exists(candidate))
  if (meant === undefined) return undefined
  return `write the name in whole, ${meant.slice(meant.lastIndexOf('/', bare.length - 1) + 1)}`
}
