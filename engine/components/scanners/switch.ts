/** Chooses a scanner by the name of what is scanned. */
import { Type } from '../../../crds/typebox.ts'
import { compileRegexp } from '../../bloblang/regexp/regexp.ts'
import { HeadgateError } from '../../error.ts'
import { patternFaults } from './re-match.ts'
import type { ScannerDefinition } from './scanner.ts'

interface Case {
  readonly re_match_name: string
  readonly scanner: unknown
}

export const switchScanner: ScannerDefinition = {
  name: 'switch',
  summary: 'Chooses a scanner by the name of the file.',
  config: Type.Array(
    Type.Object({
      re_match_name: Type.String({
        default: '',
        description: 'A regular expression that finds something in the name; empty fits all.',
      }),
      scanner: Type.Unsafe<unknown>({ type: 'object', description: 'The scanner of such files.' }),
    }),
    { minItems: 1, description: 'The first scanner whose pattern fits the name of the file.' },
  ),
  check: (cases: readonly Case[]) =>
    cases.flatMap(({ re_match_name }, index) =>
      patternFaults(re_match_name, [index, 're_match_name']),
    ),
  children: (cases: readonly Case[]) =>
    cases.map(({ scanner }, index) => ({ path: [index, 'scanner'], scanner })),
  examples: [
    {
      title: 'CSV as rows, anything else as lines',
      config: [{ re_match_name: '[.]csv$', scanner: { csv: {} } }, { scanner: { lines: {} } }],
      given: 'id\n1\n',
      name: 'in.csv',
      then: [{ id: '1' }],
    },
  ],
  build: (cases: readonly Case[], child) => {
    const choices = cases.map(({ re_match_name, scanner }) => ({
      pattern: re_match_name === '' ? undefined : compileRegexp(re_match_name),
      open: child(scanner),
    }))
    return (place) => {
      const choice = choices.find(({ pattern }) => pattern?.test(place.name) !== false)
      if (choice !== undefined) return choice.open(place)
      const message = `no case of the switch scanner fits the name ${JSON.stringify(place.name)}`
      const hint = 'Add a case without re_match_name.'
      throw new HeadgateError('InputFailed', message, { hint })
    }
  },
}
