/**
 * What a client asks first: which groups, versions and resources are here, and what may be done with them. The answer
 * has two forms, one request a group or all at once, as the client's Accept header says.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GROUP, VERSION } from '../../crds/resource.ts'
import { BASE } from './context.ts'
import { CORE_GROUPS, type ServedGroup } from './core-kinds.ts'
import { SERVED, type ServedResource, type ServedSubresource } from './kinds.ts'
import type { PathItems } from './openapi/path-item.ts'
import { anyObject } from './openapi/schema.ts'

const OURS: ServedGroup = { group: GROUP, version: VERSION, resources: SERVED }
const GROUPS: readonly ServedGroup[] = [...CORE_GROUPS.filter(({ group }) => group !== ''), OURS]
const CORE: readonly ServedGroup[] = CORE_GROUPS.filter(({ group }) => group === '')

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const DISCOVERED = {
  200: { description: 'What is served.', schema: anyObject('As Kubernetes has it.') },
}

export const DISCOVERY_PATHS: PathItems = Object.fromEntries(
  [
    '/api',
    '/api/v1',
    '/apis',
    ...GROUPS.flatMap(({ group, version }) => [`/apis/${group}`, `/apis/${group}/${version}`]),
  ].map((path) => [path, { get: { summary: 'Tells what is served here.', answers: DISCOVERED } }]),
)

export function serveDiscovery(server: FastifyInstance): void {
  server.get('/api', (request, reply) =>
    wantsAggregated(request) ? answerAggregated(reply, CORE) : apiVersions(request.host),
  )
  server.get('/api/v1', () => resourceList(CORE[0]))
  server.get('/apis', (request, reply) =>
    wantsAggregated(request) ? answerAggregated(reply, GROUPS) : apiGroupList(),
  )
  for (const one of GROUPS) {
    server.get(`/apis/${one.group}`, () => ({
      kind: 'APIGroup',
      apiVersion: 'v1',
      ...groupEntry(one),
    }))
    const path = one.group === GROUP ? BASE : `/apis/${one.group}/${one.version}`
    server.get(path, () => resourceList(one))
  }
}

function wantsAggregated({ headers: { accept } }: FastifyRequest): boolean {
  const first = accept?.split(',', 1)[0] ?? ''
  return ['g=apidiscovery.k8s.io', 'v=v2', 'as=APIGroupDiscoveryList'].every((word) =>
    first
      .split(';')
      .map((part) => part.trim())
      .includes(word),
  )
}

function answerAggregated(reply: FastifyReply, groups: readonly ServedGroup[]): FastifyReply {
  const body = {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((one) => ({
      metadata: one.group === '' ? {} : { name: one.group },
      versions: [
        {
          version: one.version,
          resources: one.resources.map((resource) => aggregatedResource(one, resource)),
          freshness: 'Current',
        },
      ],
    })),
  }
  return reply.type(AGGREGATED).header('vary', 'Accept').send(JSON.stringify(body))
}

function aggregatedResource({ group, version }: ServedGroup, resource: ServedResource): object {
  const { kind, plural, singular, shortNames, categories, namespaced, verbs } = resource
  const { subresources } = resource
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map((one) => ({
            subresource: one.name,
            responseKind: {
              group: one.group ?? group,
              version: one.version ?? version,
              kind: one.kind,
            },
            verbs: one.verbs,
          })),
        }),
  }
}

function apiVersions(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

function apiGroupList(): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: GROUPS.map(groupEntry) }
}

function groupEntry({ group, version }: ServedGroup): object {
  const entry = { groupVersion: `${group}/${version}`, version }
  return { name: group, versions: [entry], preferredVersion: entry }
}

function resourceList(served: ServedGroup | undefined): object {
  const { group = '', version = 'v1', resources = [] } = served ?? {}
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: resources.flatMap((resource) => [
      legacyResource(resource),
      ...resource.subresources.map((one) => legacySubresource(resource, one)),
    ]),
  }
}

function legacyResource(resource: ServedResource): object {
  const { kind, plural: name, singular: singularName, namespaced, verbs } = resource
  const { shortNames, categories } = resource
  return {
    name,
    singularName,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  }
}

function legacySubresource({ plural, namespaced }: ServedResource, one: ServedSubresource): object {
  const { group, version, kind, verbs } = one
  return {
    name: `${plural}/${one.name}`,
    singularName: '',
    namespaced,
    ...(group === undefined ? {} : { group, version }),
    kind,
    verbs,
  }
}
