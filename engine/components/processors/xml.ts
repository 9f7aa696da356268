/** Makes documents of XML. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { callMethod } from '../call-method.ts'

export const xml: ProcessorDefinition = defineProcessor({
  name: 'xml',
  status: 'beta',
  effects: 'none',
  portable: true,
  summary: 'Makes a document of XML.',
  description:
    'Attributes become fields with a `-` before their name, and text beside them is in `#text`; elements of one name ' +
    'become a list.',
  config: Type.Object({
    operator: Type.Unsafe<'to_json'>({
      type: 'string',
      enum: ['to_json'],
      default: 'to_json',
      description: 'What to do; there is one way.',
    }),
    cast: Type.Boolean({
      default: false,
      description: 'Whether text that reads as a number or as true or false becomes one.',
    }),
  }),
  examples: [
    {
      title: 'Attributes and elements',
      config: { operator: 'to_json' },
      given: ['<root><title lang="en">A</title><n>1</n><n>2</n></root>'],
      then: [{ root: { title: { '-lang': 'en', '#text': 'A' }, n: ['1', '2'] } }],
    },
    {
      title: 'Numbers as numbers',
      config: { operator: 'to_json', cast: true },
      given: ['<root><n>1</n><b>true</b></root>'],
      then: [{ root: { n: 1, b: true } }],
    },
  ],
  build: ({ cast }, context) => callMethod(context, 'content()', 'parse_xml', { cast }),
})
