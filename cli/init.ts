/** `headgate init [DIR]`: a first folder to start from, which `up` converges as it is. It overwrites nothing. */
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HeadgateError } from '../engine/error.ts'
import type { CommandDefinition, Invocation } from './command.ts'

const FOLDER_DEFAULT = 'config'
const SCHEMA = '.schemas/headgate.schema.json'
const MODELINE = `# yaml-language-server: $schema=${SCHEMA}`

const FILES: Readonly<Record<string, string>> = {
  'streams.yaml': `${MODELINE}
# A stream is a durable, ordered log of records. This one forgets what is older than a day.
# What else it may have: headgate explain Stream.spec
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata:
  name: greetings
spec:
  retention:
    age: 1d
---
${MODELINE}
# Remove this document while \`headgate up\` runs, and see what happens: the data is retained until you purge it.
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata:
  name: shouts
`,
  'pipelines.yaml': `${MODELINE}
# A pipeline moves messages from an input through processors to an output. This one makes its own.
# Which components there are: headgate explain
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata:
  name: greeter
spec:
  input:
    generate:
      interval: 1s
      mapping: |
        root.greeting = "hello"
        root.number = counter()
  output:
    stream:
      name: greetings
---
${MODELINE}
# From stream to stream it is exactly once, whatever happens to the process.
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata:
  name: shouter
spec:
  input:
    stream:
      name: greetings
  pipeline:
    processors:
      - mapping: |
          root = this
          root.greeting = this.greeting.uppercase()
  output:
    stream:
      name: shouts
`,
}

export const init: CommandDefinition = {
  name: 'init',
  summary: 'Write a first folder, small and commented, to start from.',
  arguments: [
    { name: 'DIR', required: false, summary: `Where; it is made. Else ./${FOLDER_DEFAULT}.` },
  ],
  options: [],
  examples: ['headgate init', 'headgate init ./shop'],
  run: runInit,
}

async function runInit({ arguments: [given], terminal }: Invocation): Promise<number> {
  const folder = given ?? FOLDER_DEFAULT
  const { schemaFiles } = await import('./schema-files.ts')
  const schema = (await schemaFiles()).get('headgate.schema.json') ?? ''
  const files = Object.entries({ ...FILES, [SCHEMA]: schema })
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new HeadgateError('Usage', `expected a folder, got the file ${folder}`, {
      hint: 'Name one that is not there yet.',
    })
  }
  const taken = files.map(([name]) => name).filter((name) => existsSync(join(folder, name)))
  if (taken.length > 0) {
    throw new HeadgateError('Usage', `${folder} has ${taken.join(', ')} already`, {
      hint: 'Nothing was written. Name another folder, or move them away.',
    })
  }
  for (const [name, text] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    // Whatever came to be meanwhile is not overwritten either.
    writeFileSync(join(folder, name), text, { flag: 'wx' })
    await terminal.print(`${join(folder, name)}\n`)
  }
  terminal.say(`Start it with: headgate up ${folder}\nThen look with:  headgate tail shouts`)
  return 0
}
