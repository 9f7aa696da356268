/** Data that looks real: made by a library, out of the environment's time and chance. */
import { createRequire } from 'node:module'
import type { FunctionDefinition } from '../definition.ts'
import type { BloblangEnvironment } from '../environment.ts'
import { MappingError } from '../mapping-error.ts'
import type { Value } from '../values/value.ts'

const require = createRequire(import.meta.url)

type Faker = import('@faker-js/faker').Faker

interface Making {
  readonly faker: Faker
  /** Of people whose names are Chinese. */
  readonly chinese: () => Faker
  readonly past: () => Date
  readonly environment: BloblangEnvironment
}

const iso = (date: Date): string => date.toISOString()

/** A hundred years of the Roman numerals, as certificates have them. */
const CENTURIES = [
  'X',
  'XI',
  'XII',
  'XIII',
  'XIV',
  'XV',
  'XVI',
  'XVII',
  'XVIII',
  'XIX',
  'XX',
  'XXI',
]

const digits = (faker: Faker, count: number): string => faker.string.numeric(count)

const base64url = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url')

const MAKERS: Readonly<Record<string, (making: Making) => Value>> = {
  '': ({ faker }) => faker.lorem.words(3),
  latitude: ({ faker }) => faker.location.latitude(),
  longitude: ({ faker }) => faker.location.longitude(),
  unix_time: ({ past }) => Math.floor(past().getTime() / 1_000),
  date: ({ past }) => iso(past()).slice(0, 10),
  time_string: ({ past }) => iso(past()).slice(11, 19),
  month_name: ({ faker }) => faker.date.month(),
  year_string: ({ past }) => iso(past()).slice(0, 4),
  day_of_week: ({ faker }) => faker.date.weekday(),
  day_of_month: ({ faker }) => String(faker.number.int({ min: 1, max: 31 })),
  timestamp: ({ past }) => iso(past()).slice(0, 19).replace('T', ' '),
  century: ({ faker }) => faker.helpers.arrayElement(CENTURIES),
  timezone: ({ faker }) => faker.location.timeZone(),
  time_period: ({ faker }) => faker.helpers.arrayElement(['AM', 'PM']),
  email: ({ faker }) => faker.internet.email(),
  mac_address: ({ faker }) => faker.internet.mac(),
  domain_name: ({ faker }) => faker.internet.domainName(),
  url: ({ faker }) => faker.internet.url(),
  username: ({ faker }) => faker.internet.username(),
  ipv4: ({ faker }) => faker.internet.ipv4(),
  ipv6: ({ faker }) => faker.internet.ipv6(),
  password: ({ faker }) => faker.internet.password(),
  jwt: ({ faker, past }) => {
    const claims = { iat: Math.floor(past().getTime() / 1_000), sub: digits(faker, 10) }
    const signature = faker.string.alphanumeric(43)
    return `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims)}.${signature}`
  },
  word: ({ faker }) => faker.lorem.word(),
  sentence: ({ faker }) => faker.lorem.sentence(),
  paragraph: ({ faker }) => faker.lorem.paragraph(),
  cc_type: ({ faker }) => faker.finance.creditCardIssuer(),
  cc_number: ({ faker }) => faker.finance.creditCardNumber().replaceAll('-', ''),
  currency: ({ faker }) => faker.finance.currencyCode(),
  amount_with_currency: ({ faker }) => `${faker.finance.currencyCode()} ${faker.finance.amount()}`,
  title_male: ({ faker }) => faker.person.prefix('male'),
  title_female: ({ faker }) => faker.person.prefix('female'),
  first_name: ({ faker }) => faker.person.firstName(),
  first_name_male: ({ faker }) => faker.person.firstName('male'),
  first_name_female: ({ faker }) => faker.person.firstName('female'),
  last_name: ({ faker }) => faker.person.lastName(),
  name: ({ faker }) => faker.person.fullName(),
  gender: ({ faker }) => faker.helpers.arrayElement(['Male', 'Female', 'Prefer to skip']),
  chinese_first_name: ({ chinese }) => chinese().person.firstName(),
  chinese_last_name: ({ chinese }) => chinese().person.lastName(),
  chinese_name: ({ chinese }) => chinese().person.fullName(),
  phone_number: ({ faker }) => `${digits(faker, 3)}-${digits(faker, 3)}-${digits(faker, 4)}`,
  toll_free_phone_number: ({ faker }) =>
    `(${faker.helpers.arrayElement(['777', '888'])}) ${digits(faker, 3)}-${digits(faker, 4)}`,
  e164_phone_number: ({ faker }) => `+${digits(faker, 11)}`,
  uuid_hyphenated: ({ environment }) => environment.random.uuid(),
  uuid_digit: ({ environment }) => environment.random.uuid().replaceAll('-', ''),
}

const PAST_MS = 50 * 365.25 * 86_400_000

function makingOf(environment: BloblangEnvironment): Making {
  const { Faker, base, en } = require('@faker-js/faker') as typeof import('@faker-js/faker')
  const randomizer = { next: () => environment.random.next(), seed: () => undefined }
  const faker = new Faker({ locale: [en, base], randomizer })
  let chinese: Faker | undefined
  return {
    faker,
    environment,
    chinese: () => {
      const { zh_CN: names } = require('@faker-js/faker') as typeof import('@faker-js/faker')
      chinese ??= new Faker({ locale: [names, en, base], randomizer })
      return chinese
    },
    past: () => new Date(environment.clock.wallUs() / 1_000 - environment.random.next() * PAST_MS),
  }
}

function makerOf(name: string): (making: Making) => Value {
  const maker = Object.hasOwn(MAKERS, name) ? MAKERS[name] : undefined
  if (maker !== undefined) return maker
  throw new MappingError(
    `unknown kind of fake data "${name.slice(0, 64)}", expected one of ${Object.keys(MAKERS).slice(1).join(', ')}`,
  )
}

export const fakeFunctions: readonly FunctionDefinition[] = [
  {
    name: 'fake',
    category: 'generation',
    status: 'beta',
    description: `Data that looks real: ${Object.keys(MAKERS).slice(1).join(', ')}; a few words when nothing is asked for.`,
    parameters: [
      { name: 'function', type: 'string', description: 'What to make up.', default: '' },
    ],
    examples: [
      { mapping: 'root = fake("email").re_match("^[^@ ]+@[^@ ]+$")', output: 'true' },
      { mapping: 'root = fake("ipv4").split(".").length()', output: '4' },
      { mapping: 'root = fake("unicorn")', error: 'unknown kind of fake data "unicorn"' },
    ],
    build: (site) => {
      const maker = site.derived('function', makerOf)
      let making: Making | undefined
      return (frame) => {
        making ??= makingOf(site.environment)
        return maker(frame)(making)
      }
    },
  },
]
