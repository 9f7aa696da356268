/** The official client, loaded once somebody connects: whoever does not use it neither installs nor waits for it. */
import { HeadgateError } from '../../error.ts'

export type Elasticsearch = typeof import('@elastic/elasticsearch')

export async function loadElasticsearch(): Promise<Elasticsearch> {
  try {
    return await import('@elastic/elasticsearch')
  } catch (cause) {
    throw new HeadgateError(
      'ComponentConfigInvalid',
      'expected the package that speaks to Elasticsearch, got none',
      { cause, hint: 'Install it: npm install @elastic/elasticsearch' },
    )
  }
}
