/**
 * `headgate backup TARGET_DIR`: a copy of all that the engine holds. The server makes it where one runs; otherwise the
 * data directory is opened for it, as a start would.
 */
import { resolve } from 'node:path'
import { byteText } from '../crds/size.ts'
import type { BackupResult } from '../engine/backup.ts'
import { type CommandDefinition, type Invocation, SERVER_OPTIONS, textOption } from './command.ts'
import { isAlive, readServerFile } from './server-file.ts'

export const backup: CommandDefinition = {
  name: 'backup',
  summary: 'Copy all that the engine holds into a new directory, while it runs or not.',
  arguments: [
    {
      name: 'TARGET_DIR',
      required: true,
      summary: "A directory of the server's machine; it is made, or is empty.",
    },
  ],
  options: SERVER_OPTIONS,
  examples: ['headgate backup /backups/monday'],
  run: runBackup,
}

async function runBackup(invocation: Invocation): Promise<number> {
  const directory = resolve(invocation.arguments[0] ?? '')
  const result = isServed(invocation)
    ? await askServer(invocation, directory)
    : await backUpStopped(invocation, directory)
  const { id, streams, segments, records, bytes } = result
  invocation.terminal.say(
    `backed up engine ${id} to ${result.directory}: ${streams} streams, ${segments} segments, ` +
      `${records} records, ${byteText(bytes)}; verified`,
  )
  return 0
}

/** Whether somebody answers for the data: a server that was named, or one that holds the directory. */
function isServed(invocation: Invocation): boolean {
  if (textOption(invocation, 'server') !== undefined) return true
  if ((process.env['HEADGATE_SERVER'] ?? '') !== '') return true
  const server = readServerFile(textOption(invocation, 'dataDir') ?? '.headgate')
  return server !== undefined && isAlive(server.pid)
}

async function askServer(invocation: Invocation, directory: string): Promise<BackupResult> {
  const { patientlyAsk } = await import('./patient-request.ts')
  return (await patientlyAsk(invocation, '/backups', { directory })) as BackupResult
}

async function backUpStopped(invocation: Invocation, directory: string): Promise<BackupResult> {
  const [{ realClock }, { realDisk }, { realRandom }, { openDiskEngine }, { copyCatalog }] =
    await Promise.all([
      import('../engine/ports/real-clock.ts'),
      import('../engine/ports/real-disk.ts'),
      import('../engine/ports/real-random.ts'),
      import('../engine/log/disk-engine.ts'),
      import('../controllers/catalog/copy-catalog.ts'),
    ])
  const { whileUnused } = await import('../engine/log/verify/while-unused.ts')
  const dataDirectory = resolve(textOption(invocation, 'dataDir') ?? '.headgate')
  // Opening would make a new one.
  await whileUnused(realDisk, dataDirectory, async () => {})
  await using engine = await openDiskEngine({
    directory: dataDirectory,
    clock: realClock,
    disk: realDisk,
    random: realRandom,
  })
  const alongside = async (incomplete: string): Promise<void> =>
    copyCatalog(dataDirectory, incomplete)
  return await engine.backup({ directory, alongside })
}
