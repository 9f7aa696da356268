import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { grantedFiles } from './granted-files.ts'
import { NO_GRANTS } from './grants.ts'

describe('the files that mappings of a source read', () => {
  let directory: string
  const text = (path: string, roots: readonly string[], namedBy?: string): string => {
    const files = grantedFiles({ ...NO_GRANTS, files: roots }, directory)
    return Buffer.from(files.read(path, namedBy).bytes).toString()
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'headgate-mapping-files-'))
    mkdirSync(join(directory, 'maps'))
    writeFileSync(join(directory, 'maps/a.blobl'), 'a')
    writeFileSync(join(directory, 'maps/b.blobl'), 'b')
    writeFileSync(join(directory, 'secret'), 'secret')
  })

  test('lie beneath a granted root, and relative to the file that names them', () => {
    expect(text('maps/a.blobl', ['./maps'])).toBe('a')
    expect(text('b.blobl', ['./maps'], join(directory, 'maps/a.blobl'))).toBe('b')
  })

  test.each(['secret', 'maps/../secret', '/etc/hostname'])('never are %s elsewhere', (path) => {
    expect(() => text(path, ['./maps'])).toThrow(/may not use the file/)
  })

  test('are judged by where a link leads', () => {
    symlinkSync('../secret', join(directory, 'maps/link'))
    expect(() => text('maps/link', ['./maps'])).toThrow(/may not use the file/)
    symlinkSync('maps', join(directory, 'linked'))
    expect(text('linked/a.blobl', ['./linked'])).toBe('a')
  })

  test('that are not there are told by their path', () => {
    expect(() => text('maps/none', ['./maps'])).toThrow(`expected a file at ${directory}/maps/none`)
  })
})
