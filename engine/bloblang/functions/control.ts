/** Functions that steer an assignment rather than give it a value. */
import type { FunctionDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { DELETED, NOTHING } from '../values/result.ts'

export const controlFunctions: readonly FunctionDefinition[] = [
  {
    name: 'deleted',
    category: 'control',
    status: 'stable',
    description:
      'Removes what it is assigned to: a field, a metadata key, a variable, or the whole message.',
    parameters: [],
    examples: [
      {
        mapping: 'root = this\nroot.secret = deleted()',
        input: '{"a":1,"secret":2}',
        output: '{"a":1}',
      },
    ],
    build: () => () => DELETED,
  },
  {
    name: 'nothing',
    category: 'control',
    status: 'stable',
    description: 'Lets the assignment not happen.',
    parameters: [],
    examples: [{ mapping: 'root.a = 1\nroot.a = nothing()', output: '{"a":1}' }],
    build: () => () => NOTHING,
  },
  {
    name: 'var',
    category: 'control',
    status: 'stable',
    description: 'The value of a variable. Where its name is known write `$name`.',
    parameters: [{ name: 'name', type: 'string', description: 'The name of the variable.' }],
    examples: [
      { mapping: 'let a = 5\nroot = var("a")', output: '5' },
      { mapping: 'root = var("b")', error: "variable 'b' undefined" },
    ],
    build: (site) => site.variable('name'),
  },
  {
    name: 'throw',
    category: 'control',
    status: 'stable',
    description: 'Fails the mapping with a text of your own.',
    parameters: [{ name: 'why', type: 'string', description: 'The text of the failure.' }],
    examples: [{ mapping: 'root = throw("no id")', error: 'failed assignment (line 1): no id' }],
    build: (site) => {
      const why = site.string('why')
      return (frame) => {
        throw new MappingError(why(frame), true)
      }
    },
  },
]
