/** Asks a person before something goes. Where nobody can be asked, --yes has to say it. */
import { HeadgateError } from '../engine/error.ts'
import { flagOption, type Invocation } from './command.ts'

/** False when the person does not want it; that is said, too. */
export async function confirmed(invocation: Invocation, question: string): Promise<boolean> {
  if (flagOption(invocation, 'yes')) return true
  const { terminal } = invocation
  const answer = await terminal.ask(`${terminal.paint('bold', question)} [y/N] `)
  if (answer === undefined)
    throw new HeadgateError('Usage', 'expected --yes, for there is nobody to be asked', {
      hint: 'Look at what would go above; to let it happen, run the same with --yes.',
    })
  if (/^\s*y(es)?\s*$/i.test(answer)) return true
  terminal.say('Nothing was changed.')
  return false
}
