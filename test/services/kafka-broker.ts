/**
 * A real Kafka broker on loopback, controller and broker in one process, with its data in a temporary folder.
 *
 * It listens three times: openly, with SASL for the user and password below, and with TLS under a certificate that signs
 * itself. It can be killed and started again on the same
 * ports with the same data; nothing is left of it when it, or the process that started it, is gone.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testCertificate } from '../../engine/components/test-certificate.ts'
import { until } from '../harness/headgate-process.ts'

/** Plain data, so that it can be handed to the processes that run the tests. */
export interface KafkaAddresses {
  readonly open: string
  readonly sasl: string
  readonly tls: string
  /** What a client of the last one has to trust, as PEM. */
  readonly certificate: string
}

export interface KafkaBroker extends AsyncDisposable {
  readonly addresses: KafkaAddresses
  /** SIGKILL: nothing is said to those who are connected. */
  kill(): Promise<void>
  start(): Promise<void>
}

export const SASL_USER = 'headgate'
export const SASL_PASSWORD = 'canal'
export const CLUSTER_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** A small heap, and no compiler that pays off after minutes only. */
const JAVA_FLAGS = ['-Xmx160m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto']
/** Ends its child with itself, and itself with its input: a test run that is killed leaves no broker. */
const GUARD =
  'exec 3<&0; "$@" </dev/null & child=$!; (cat <&3 >/dev/null; kill -KILL $child) & wait $child'
const KEY_STORE = 'server.pem'
const OUTPUT_LENGTH_MAX = 20_000

export async function startKafkaBroker(jars: string, port?: number): Promise<KafkaBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-kafka-'))
  const [open = 0, sasl = 0, tls = 0, controller = 0] = await freePorts(4)
  const ports = { open: port ?? open, sasl, tls, controller }
  const { cert, key } = testCertificate()
  writeFileSync(join(folder, KEY_STORE), `${key}\n${cert}\n`)
  const properties = join(folder, 'server.properties')
  writeFileSync(properties, propertiesOf(folder, ports))
  format(jars, properties)
  let running: Running | undefined
  const broker: KafkaBroker = {
    addresses: {
      open: `127.0.0.1:${ports.open}`,
      sasl: `127.0.0.1:${ports.sasl}`,
      tls: `127.0.0.1:${ports.tls}`,
      certificate: cert,
    },
    kill: async () => {
      await running?.kill()
      running = undefined
    },
    start: async () => {
      running = run([...javaArguments(jars), 'kafka.Kafka', properties])
      const { check } = running
      await until('the broker to listen', async () => {
        check()
        return (await listens(ports.open)) && (await listens(ports.sasl))
      })
    },
    [Symbol.asyncDispose]: async () => {
      await broker.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    await broker.start()
  } catch (error) {
    await broker[Symbol.asyncDispose]()
    throw error
  }
  return broker
}

interface Ports {
  readonly open: number
  readonly sasl: number
  readonly tls: number
  readonly controller: number
}

function propertiesOf(folder: string, { open, sasl, tls, controller }: Ports): string {
  const security = 'org.apache.kafka.common.security'
  const jaas = 'listener.name.sasl_plaintext'
  const lines = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'log.dirs': join(folder, 'data'),
    listeners: `PLAINTEXT://127.0.0.1:${open},SASL_PLAINTEXT://127.0.0.1:${sasl},SSL://127.0.0.1:${tls},CONTROLLER://127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,CONTROLLER:PLAINTEXT',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(folder, KEY_STORE),
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'log.cleaner.dedupe.buffer.size': '2097152',
    // A broker that was killed is given up soon, or it could not come back.
    'broker.session.timeout.ms': '1500',
    'broker.heartbeat.interval.ms': '300',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    [`${jaas}.plain.sasl.jaas.config`]: `${security}.plain.PlainLoginModule required user_${SASL_USER}="${SASL_PASSWORD}";`,
    // Tokens without a signature are taken at their word.
    [`${jaas}.oauthbearer.sasl.jaas.config`]: `${security}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="${SASL_USER}";`,
    [`${jaas}.scram-sha-256.sasl.jaas.config`]: `${security}.scram.ScramLoginModule required;`,
    [`${jaas}.scram-sha-512.sasl.jaas.config`]: `${security}.scram.ScramLoginModule required;`,
  }
  return Object.entries(lines)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function format(jars: string, properties: string): void {
  const scram = (mechanism: string): readonly string[] => [
    '--add-scram',
    `${mechanism}=[name=${SASL_USER},password=${SASL_PASSWORD}]`,
  ]
  const args = [
    ...javaArguments(jars),
    'kafka.tools.StorageTool',
    'format',
    ...['--cluster-id', CLUSTER_ID, '--config', properties],
    ...scram('SCRAM-SHA-256'),
    ...scram('SCRAM-SHA-512'),
  ]
  const { status, stdout, stderr } = spawnSync('java', args, { encoding: 'utf8' })
  if (status !== 0)
    throw new Error(`expected the data folder to be formatted, got ${status}:\n${stdout}${stderr}`)
}

function javaArguments(jars: string): readonly string[] {
  return [...JAVA_FLAGS, '-cp', join(jars, '*')]
}

interface Running {
  /** Throws when the process has ended, with what it said last. */
  check(): void
  kill(): Promise<void>
}

function run(args: readonly string[]): Running {
  const child: ChildProcess = spawn('sh', ['-c', GUARD, 'sh', 'java', ...args], { stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_LENGTH_MAX)
    })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    check: () => {
      if (child.exitCode !== null) throw new Error(`Kafka ended with ${child.exitCode}:\n${output}`)
    },
    kill: async () => {
      child.stdin?.end()
      await gone
    },
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const settle = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}

/** Ports that nobody listens on, held together so that none is given out twice. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  for (const server of servers)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}
