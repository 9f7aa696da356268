/** What counts as declared, and what leaves it open whether something is: nothing is removed while that is so. */
import { describe, expect, test } from 'vitest'
import { readTexts } from './testing.ts'

const document = (head: string, name = 'a'): string => `${head}\nmetadata: {name: ${name}}\n`
const STREAM = 'apiVersion: headgate.dev/v1alpha1\nkind: Stream'
const good = document(STREAM, 'good')

const verdict = async (text: string, held = false) => {
  const { complete, members, problems } = await readTexts(
    { 'a.yaml': text },
    { held: (path) => held && path === 'a.yaml' },
  )
  const codes = problems.filter(({ severity }) => severity === 'error').map(({ layer }) => layer)
  return { complete, members: [...members.keys()], isWrong: codes.length > 0 }
}

describe('a document is identified once its group and kind are ours and its name is valid', () => {
  test.each<[string, string]>([
    ['though its spec is wrong', `${document(STREAM)}spec: {shards: none}\n`],
    ['though it has an unknown field', `${document(STREAM)}specs: {}\n`],
  ])('%s', async (_, text) => {
    const { complete, members, isWrong } = await verdict(`${text}---\n${good}`)
    expect(complete).toBe(true)
    expect(isWrong).toBe(true)
    expect(members).toEqual(['Stream/default/a', 'Stream/default/good'])
  })

  test.each<[string, string]>([
    ['a syntax error anywhere in the file', `${good}---\nkind: [\n`],
    ['an unknown kind of ours', document('apiVersion: headgate.dev/v1alpha1\nkind: Streem')],
    ['no name', `${STREAM}\nmetadata: {}\n`],
    ['an impossible name', document(STREAM, 'A_B')],
    ['a wrong version of ours', document('apiVersion: headgate.dev/v9\nkind: Stream')],
    ['a kind of ours in another group', document('apiVersion: example.com/v1\nkind: Stream')],
    ['a group within two edits of ours', document('apiVersion: headgat.dv/v1alpha1\nkind: Thing')],
  ])('and what follows is unknown where there is %s', async (_, text) => {
    const { complete, isWrong } = await verdict(text)
    expect(isWrong).toBe(true)
    expect(complete).toBe(false)
  })

  test('while a foreign kind of a foreign group is none of ours, and no mistake', async () => {
    const foreign = document('apiVersion: apps/v1\nkind: Deployment')
    expect(await verdict(`${foreign}---\n${good}`)).toEqual({
      complete: true,
      members: ['Stream/default/good'],
      isWrong: false,
    })
  })
})

describe('a file that holds no document', () => {
  for (const text of ['', '# later\n', '---\n', '\n\n'])
    test(`leaves it open what it declares, where it held resources (${JSON.stringify(text)})`, async () => {
      expect((await verdict(text, true)).complete).toBe(false)
      expect((await verdict(text, false)).complete).toBe(true)
    })
})

describe('YAML that is not ours', () => {
  test('is a mistake, and leaves nothing open where the file never held resources', async () => {
    const { complete, isWrong } = await verdict('name: values\nsize: 3\n')
    expect(isWrong).toBe(true)
    expect(complete).toBe(true)
    expect((await verdict('name: values\n', true)).complete).toBe(false)
  })
})
