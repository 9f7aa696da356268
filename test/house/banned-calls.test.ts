import { describe, expect, test } from 'vitest'
import { isTest, sourceFiles, withoutComments } from './source-files.ts'

interface Ban {
  readonly call: RegExp
  readonly instead: string
  /** Where it is the thing itself. */
  readonly allowed: RegExp
}

const BANS: readonly Ban[] = [
  {
    call: /\bDate\.now\(|\bnew Date\(\)/,
    instead: 'clock.wallUs()',
    allowed: /^engine\/ports\/|^bench\//,
  },
  {
    call: /\bperformance\.now\(/,
    instead: 'clock.monotonicMs()',
    allowed: /^engine\/ports\/|^bench\//,
  },
  {
    call: /\bMath\.random\(|\brandomUUID\(/,
    instead: 'random.next() or random.uuid()',
    // A client runs in the programs of others, which have no ports.
    allowed: /^engine\/ports\/|^client\//,
  },
  {
    call: /\bsetTimeout\(|\bsetInterval\(/,
    instead: 'clock.schedule() or clock.sleep()',
    allowed: /^engine\/ports\/|^client\/|^bench\//,
  },
  {
    call: /\bconsole\./,
    instead: 'the Logger port, or process.stdout in cli/',
    allowed: /^scripts\/|^bench\/|^examples\//,
  },
  {
    call: /\bprocess\.exit\(/,
    instead: 'process.exitCode, or a rejected promise',
    allowed: /^cli\/|^bin\/|^scripts\//,
  },
  { call: /@ts-ignore|@ts-expect-error/, instead: 'a type that is right', allowed: /^$/ },
  { call: /\bFIXME\b|\bTODO\b|\bXXX\b/, instead: 'an issue, or the work itself', allowed: /^$/ },
  { call: /\b(test|describe|it)\.(only|skip|todo)\(/, instead: 'a test that runs', allowed: /^$/ },
]

describe('banned calls', () => {
  for (const { call, instead, allowed } of BANS) {
    test(`${call.source} is written as ${instead}`, () => {
      const marks = /TODO|ts-ignore|only/.test(call.source)
      const wrong = sourceFiles()
        .filter(
          ({ path }) =>
            !allowed.test(path) &&
            (marks || !isTest(path)) &&
            !path.endsWith('banned-calls.test.ts'),
        )
        .flatMap(({ path, text }) =>
          (marks ? text : withoutComments(text))
            .split('\n')
            .flatMap((line, index) =>
              call.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [],
            ),
        )
      expect(wrong).toEqual([])
    })
  }
})
