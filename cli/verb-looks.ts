/** How each verb of a plan looks: its sign, and the colour where there are colours. */
import type { Verb } from '../controllers/plan/plan.ts'
import type { Style } from './terminal.ts'

const LOOKS: Readonly<Partial<Record<string, readonly [sign: string, style: Style]>>> = {
  create: ['+', 'green'],
  readopt: ['+', 'green'],
  adopt: ['+', 'green'],
  update: ['~', 'yellow'],
  rename: ['~', 'yellow'],
  transfer: ['~', 'yellow'],
  replace: ['-/+', 'yellow'],
  delete: ['-', 'red'],
  retain: ['-', 'yellow'],
  release: ['-', 'yellow'],
  blocked: ['!', 'red'],
} satisfies Partial<Record<Verb | 'adopt' | 'rename' | 'transfer', readonly [string, Style]>>

/** As wide as the widest sign, so that names stand beneath each other. */
export const SIGN_WIDTH = 3

export function signOf(verb: string): string {
  return LOOKS[verb]?.[0] ?? ' '
}

export function styleOf(verb: string): Style {
  return LOOKS[verb]?.[1] ?? 'dim'
}
