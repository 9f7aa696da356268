/** For tests: a tar archive of these files, long names as GNU tar writes them. */

const BLOCK_BYTES = 512

export function tarOf(files: readonly (readonly [name: string, content: string])[]): Buffer {
  const blocks: Buffer[] = []
  for (const [name, content] of files) {
    if (name.length > 100) blocks.push(...entry('././@LongLink', 'L', `${name}\0`))
    blocks.push(...entry(name.slice(0, 100), '0', content))
  }
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)])
}

function entry(name: string, type: string, content: string): Buffer[] {
  const header = Buffer.alloc(BLOCK_BYTES)
  header.write(name, 0)
  header.write(Buffer.byteLength(content).toString(8).padStart(11, '0'), 124)
  header.write(' '.repeat(8), 148)
  header.write(type, 156)
  header.write('ustar', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const bytes = Buffer.from(content)
  const filled = Buffer.alloc(Math.ceil(bytes.length / BLOCK_BYTES) * BLOCK_BYTES)
  bytes.copy(filled)
  return [header, filled]
}
