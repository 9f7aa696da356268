/** Replaces each document by what a query of JMESPath finds in it. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { eachMessage } from '../each-message.ts'
import { fromForeign } from '../foreign-value.ts'
import { compileJmespath } from '../jmespath.ts'
import { withDocument } from '../replaced-content.ts'

export const jmespath: ProcessorDefinition = defineProcessor({
  name: 'jmespath',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Replaces each document by what a query of JMESPath finds in it.',
  description:
    'What is found nowhere is null. Whole numbers beyond 2^53 are handed on as they are, and compare with nothing. The ' +
    'functions of JMESPath Community are there, too.',
  config: Type.Object({
    query: Type.String({ description: 'The query.' }),
  }),
  check: ({ query }) => {
    if (query.includes('${')) return []
    try {
      compileJmespath(query)
      return []
    } catch (thrown) {
      return [{ path: ['query'], message: thrown instanceof Error ? thrown.message : '' }]
    }
  },
  examples: [
    {
      title: 'The cities of a state, in one text',
      config: { query: "locations[?state == 'WA'].name | sort(@) | {Cities: join(', ', @)}" },
      given: [
        {
          locations: [
            { name: 'Seattle', state: 'WA' },
            { name: 'New York', state: 'NY' },
            { name: 'Bellevue', state: 'WA' },
          ],
        },
      ],
      then: [{ Cities: 'Bellevue, Seattle' }],
    },
  ],
  build: ({ query }, context) => {
    const find = compileJmespath(query)
    return eachMessage(context, (message) =>
      withDocument(message, fromForeign(find(message.document()))),
    )
  },
})
