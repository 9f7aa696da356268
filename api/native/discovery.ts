/** What a client library asks first: which groups, versions and resources are here, and what may be done with them. */
import { API_VERSION, GROUP, VERSION } from '../../crds/resource.ts'
import { CONSUMER_GROUPS, RETAINED_STREAMS, SERVED_KINDS, SOURCES, STREAM_USAGES } from './kinds.ts'

const VERSION_ENTRY = { groupVersion: API_VERSION, version: VERSION }

/** The legacy group has no version here; clients then look no further. */
export function apiVersions(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: [],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

export function apiGroup(): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry() }
}

export function apiGroupList(): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: [groupEntry()] }
}

export function apiResourceList(): object {
  const kinds = SERVED_KINDS.map(({ kind, plural, singular, shortNames, categories }) => ({
    ...resource(plural, singular, kind, true, ['get', 'list']),
    shortNames,
    categories,
  }))
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: API_VERSION,
    resources: [
      ...kinds,
      resource('streams/records', '', 'RecordList', true, ['create', 'get']),
      resource(SOURCES, 'source', 'Source', false, ['get', 'list']),
      resource(`${SOURCES}/plan`, '', 'Plan', false, ['create']),
      resource(`${SOURCES}/approvals`, '', 'Approval', false, ['create']),
      resource(RETAINED_STREAMS, 'retainedstream', 'RetainedStream', true, [
        'get',
        'list',
        'delete',
      ]),
      resource(CONSUMER_GROUPS, 'consumergroup', 'ConsumerGroup', true, ['get', 'list']),
      resource(`${CONSUMER_GROUPS}/reset`, '', 'ConsumerGroupReset', true, ['create']),
      resource(STREAM_USAGES, 'streamusage', 'StreamUsage', true, ['get', 'list']),
    ],
  }
}

function groupEntry(): object {
  return { name: GROUP, versions: [VERSION_ENTRY], preferredVersion: VERSION_ENTRY }
}

function resource(
  name: string,
  singularName: string,
  kind: string,
  namespaced: boolean,
  verbs: readonly string[],
): object {
  return { name, singularName, namespaced, kind, verbs }
}
