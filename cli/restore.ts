/** `headgate restore BACKUP_DIR DATA_DIR`: makes a data directory out of a backup, and verifies it. */
import { resolve } from 'node:path'
import { byteText } from '../crds/size.ts'
import type { CommandDefinition, Invocation } from './command.ts'

export const restore: CommandDefinition = {
  name: 'restore',
  summary: 'Make a data directory out of a backup.',
  arguments: [
    { name: 'BACKUP_DIR', required: true, summary: 'What headgate backup made.' },
    { name: 'DATA_DIR', required: true, summary: 'It is made, or is empty.' },
  ],
  options: [],
  examples: ['headgate restore /backups/monday .headgate'],
  run: runRestore,
}

async function runRestore({ arguments: given, terminal }: Invocation): Promise<number> {
  const [{ realDisk }, { restoreBackup }, { whileUnused }, { CONTROL_FILES }] = await Promise.all([
    import('../engine/ports/real-disk.ts'),
    import('../engine/log/backup-restore.ts'),
    import('../engine/log/verify/while-unused.ts'),
    import('../controllers/catalog/copy-catalog.ts'),
  ])
  const [backup = '', directory = ''] = given.map((path) => resolve(path))
  const files = CONTROL_FILES
  const bytes = await whileUnused(realDisk, backup, () =>
    restoreBackup({ disk: realDisk, backup, directory, files }),
  )
  terminal.say(`restored ${directory} from ${backup}: ${byteText(bytes)}; verified`)
  return 0
}
