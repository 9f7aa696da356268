/** `headgate verify DATA_DIR`: walks every byte of a data directory that nobody has open, and changes nothing. */
import { resolve } from 'node:path'
import type { Verification } from '../engine/log/verify/verification.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  outputOption,
  textOption,
} from './command.ts'

export const verify: CommandDefinition = {
  name: 'verify',
  summary: 'Check every byte of a data directory, or a backup; change nothing.',
  arguments: [{ name: 'DATA_DIR', required: true, summary: 'One that no server has open.' }],
  options: [
    {
      flags: '--all',
      summary: 'Say all that is broken, and what is worth knowing; not the first only.',
    },
    outputOption(['text', 'json'], 'text'),
  ],
  examples: ['headgate verify .headgate', 'headgate verify /backups/monday --all'],
  run: runVerify,
}

async function runVerify(invocation: Invocation): Promise<number> {
  const [{ realDisk }, { verifyDirectory }, { whileUnused }] = await Promise.all([
    import('../engine/ports/real-disk.ts'),
    import('../engine/log/verify/verify-directory.ts'),
    import('../engine/log/verify/while-unused.ts'),
  ])
  const directory = resolve(invocation.arguments[0] ?? '')
  const found = await whileUnused(realDisk, directory, () => verifyDirectory(realDisk, directory))
  if (textOption(invocation, 'output') === 'json') {
    await invocation.terminal.print(`${JSON.stringify(found, undefined, 2)}\n`)
  } else {
    await printFound(invocation, found)
  }
  return found.findings.length === 0 ? 0 : 1
}

async function printFound(invocation: Invocation, found: Verification): Promise<void> {
  const { countsText, findingLines } = await import('./verification-text.ts')
  const { terminal } = invocation
  const all = flagOption(invocation, 'all')
  const { findings, notes, directory } = found
  terminal.say(countsText(found))
  for (const note of all ? notes : []) terminal.say(`note: ${note}`)
  const shown = all ? findings : findings.slice(0, 1)
  const lines = shown.flatMap(findingLines)
  const left = findings.length - shown.length
  if (left > 0) lines.push(`and ${left} more: headgate verify ${directory} --all`)
  if (findings.length === 0) lines.push('sound')
  await terminal.print(`${lines.join('\n')}\n`)
  if (findings.length === 0) return
  terminal.say(
    'Nothing was changed. headgate repair shows what would have to be given up; a backup has it still.',
  )
}
