/**
 * From the write of a file to Ready as a client sees it: a real process on a real folder, one label edited at a time.
 * The anchor is the time that the same client needs for the same GET when nothing changes.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until, up } from '../test/harness/headgate-process.ts'
import { printRow, quantile, round } from './figures.ts'

const EDITS = 40
const RESOURCES = 1_000
const STREAMS_URL = '/apis/headgate.dev/v1alpha1/namespaces/default/streams'

export async function benchEditToReady(): Promise<void> {
  const quickstart = temporaryFolder()
  cpSync('examples/01-quickstart', quickstart, { recursive: true })
  await measure('edit → Ready, quickstart', quickstart)

  const large = temporaryFolder()
  for (let index = 0; index < RESOURCES; index++) {
    writeFileSync(join(large, `stream-${index}.yaml`), streamText(`stream-${index}`))
  }
  await measure(`edit → Ready, ${RESOURCES} streams`, large)
}

async function measure(name: string, folder: string): Promise<void> {
  const dataDirectory = temporaryFolder()
  await using server = await up({ folder, dataDirectory })
  const file = join(folder, 'edited.yaml')
  const url = `${server.url}${STREAMS_URL}/edited`
  const editsMs: number[] = []
  for (let edit = 0; edit < EDITS; edit++) {
    const startedMs = performance.now()
    writeFileSync(file, streamText('edited', String(edit)))
    await until(
      `edit ${edit} to be Ready`,
      async () => ((await readyEdit(url)) === String(edit) ? true : undefined),
      0,
    )
    editsMs.push(performance.now() - startedMs)
  }
  const getsMs: number[] = []
  for (let count = 0; count < EDITS; count++) {
    const startedMs = performance.now()
    await readyEdit(url)
    getsMs.push(performance.now() - startedMs)
  }
  await server.stop()
  rmSync(dataDirectory, { recursive: true })
  rmSync(folder, { recursive: true })
  printRow(name, {
    p50: `${round(quantile(editsMs, 0.5))} ms`,
    p99: `${round(quantile(editsMs, 0.99))} ms`,
    'one GET': `${round(quantile(getsMs, 0.5))} ms`,
    ratio: round(quantile(editsMs, 0.5) / quantile(getsMs, 0.5)),
  })
}

async function readyEdit(url: string): Promise<string | undefined> {
  const response = await fetch(url)
  const object = (await response.json()) as {
    metadata?: { labels?: { edit?: string } }
    status?: { conditions?: { type: string; status: string }[] }
  }
  const ready = object.status?.conditions?.some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  )
  return ready === true ? object.metadata?.labels?.edit : undefined
}

function streamText(name: string, edit = ''): string {
  return `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata:\n  name: ${name}\n  labels:\n    edit: "${edit}"\nspec: {}\n`
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'headgate-bench-'))
}
