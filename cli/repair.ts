/** `headgate repair DATA_DIR`: says what a damaged data directory has to give up, and with --yes gives it up. */
import { resolve } from 'node:path'
import type { RepairPlan } from '../engine/log/repair-plan.ts'
import { type CommandDefinition, flagOption, type Invocation } from './command.ts'

export const repair: CommandDefinition = {
  name: 'repair',
  summary: 'Say what a damaged data directory has to give up; with --yes, give it up.',
  arguments: [{ name: 'DATA_DIR', required: true, summary: 'One that no server has open.' }],
  options: [
    {
      flags: '--yes',
      summary: 'Do it: copy what is damaged to quarantine/, and go on without it.',
    },
  ],
  examples: ['headgate repair .headgate', 'headgate repair .headgate --yes'],
  run: runRepair,
}

const NOTHING = 'nothing to give up\n'

async function runRepair(invocation: Invocation): Promise<number> {
  const [{ realDisk }, { planRepair }, { whileUnused }] = await Promise.all([
    import('../engine/ports/real-disk.ts'),
    import('../engine/log/repair-plan.ts'),
    import('../engine/log/verify/while-unused.ts'),
  ])
  const { terminal } = invocation
  const directory = resolve(invocation.arguments[0] ?? '')
  const plan = await whileUnused(realDisk, directory, () => planRepair(realDisk, directory))
  const text = planText(plan)
  await terminal.print(text)
  if (flagOption(invocation, 'yes')) return await carryOut(invocation, plan, text)
  const hasNothing = text === NOTHING
  terminal.say(
    hasNothing
      ? 'Nothing was changed.'
      : 'Nothing was changed. A backup may have what is lost; without one: headgate repair --yes',
  )
  return 0
}

async function carryOut(invocation: Invocation, plan: RepairPlan, report: string): Promise<number> {
  const [{ realDisk }, { realClock }, { realRandom }, { repair: carry }, verification] =
    await Promise.all([
      import('../engine/ports/real-disk.ts'),
      import('../engine/ports/real-clock.ts'),
      import('../engine/ports/real-random.ts'),
      import('../engine/log/repair.ts'),
      import('../engine/log/verify/verify-directory.ts'),
    ])
  const { terminal } = invocation
  const { directory } = plan
  const names = await carry(plan, {
    disk: realDisk,
    clock: realClock,
    random: realRandom,
    report,
  })
  terminal.say(`in ${directory}/quarantine:`)
  for (const name of names) terminal.say(`  ${name}`)
  const found = await verification.verifyDirectory(realDisk, directory)
  const { countsText, findingLines } = await import('./verification-text.ts')
  terminal.say(countsText(found))
  for (const line of found.findings.flatMap(findingLines)) terminal.say(line)
  terminal.say(found.findings.length === 0 ? 'repaired: sound' : 'still damaged; report this')
  return found.findings.length === 0 ? 0 : 1
}

function planText(plan: RepairPlan): string {
  const { places, lost, notes, recovered, aside, markerId } = plan
  const lines = [
    ...section(
      'damaged',
      places.map(({ path, from, to, missing }) =>
        missing ? `${path}: missing` : `${path}: bytes ${from} to ${to}`,
      ),
    ),
    ...section('lost for good', [
      ...lost.map(
        ({ stream, shard, from, to }) => `${stream} shard ${shard}: sequences ${from} to ${to}`,
      ),
      ...notes,
    ]),
    ...section('streams found by their records alone, sealed and protected', recovered),
    ...section('files that nothing explains, to be put aside', aside),
    ...section(
      'the marker, to be written anew for engine',
      markerId === undefined ? [] : [markerId],
    ),
  ]
  return lines.length === 0 ? NOTHING : `${lines.join('\n')}\n`
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)]
}
