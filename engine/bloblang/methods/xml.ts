/** Methods that read and write XML. */
import type { MethodDefinition } from '../definition.ts'
import { formatXml } from '../formats/format-xml.ts'
import { parseXml } from '../formats/parse-xml.ts'
import { expectText, expectValue } from '../values/kind-of.ts'

const parsing = { category: 'parsing', status: 'stable' } as const

export const xmlMethods: readonly MethodDefinition[] = [
  {
    name: 'parse_xml',
    ...parsing,
    description:
      'The elements of an XML text as objects. An attribute is the key `-name`, text beside others the key `#text`, and elements of one name are an array.',
    parameters: [
      {
        name: 'cast',
        type: 'bool',
        description: 'Read numbers and bools, in place of text.',
        default: false,
      },
    ],
    examples: [
      {
        mapping: 'root = this.a.parse_xml()',
        input: '{"a":"<r><t id=9>5</t><l>a</l><l>b</l><!-- no --></r>"}',
        output: '{"r":{"l":["a","b"],"t":{"#text":"5","-id":"9"}}}',
      },
      {
        mapping: 'root = "<r><n>5</n><b>True</b></r>".parse_xml(cast: true)',
        output: '{"r":{"b":true,"n":5}}',
      },
      { mapping: 'root = "<a><b></a>".parse_xml()', error: 'expected an XML document' },
    ],
    build: (site) => {
      const cast = site.bool('cast')
      return (target, frame) => parseXml(expectText(target), cast(frame))
    },
  },
  {
    name: 'format_xml',
    ...parsing,
    description:
      'The object as XML, as bytes, by the rules of `parse_xml`. Of several members the root element is `doc`.',
    parameters: [
      {
        name: 'indent',
        type: 'string',
        description: 'What each level is indented with.',
        default: '    ',
      },
      { name: 'no_indent', type: 'bool', description: 'Write it on one line.', default: false },
      {
        name: 'root_tag',
        type: 'string',
        description: 'The name of an element around all.',
        optional: true,
      },
    ],
    examples: [
      {
        mapping: 'root = this.format_xml()',
        input: '{"a":{"-id":1,"b":["x","<"]}}',
        output: '<a id="1">\n    <b>x</b>\n    <b>&lt;</b>\n</a>',
      },
      {
        mapping: 'root = this.format_xml(no_indent: true, root_tag: "r")',
        input: '{"a":1,"b":null}',
        output: '<r><a>1</a><b/></r>',
      },
      {
        mapping: 'root = {"a b": 1}.format_xml()',
        error: 'expected a key that can name an element',
      },
    ],
    build: (site) => {
      const indent = site.string('indent')
      const flat = site.bool('no_indent')
      const rootTag = site.given('root_tag') ? site.string('root_tag') : undefined
      return (target, frame) =>
        Buffer.from(
          formatXml(expectValue(target), {
            indent: flat(frame) ? undefined : indent(frame),
            rootTag: rootTag?.(frame),
          }),
        )
    },
  },
]
