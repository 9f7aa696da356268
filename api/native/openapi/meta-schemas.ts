/** What every object has besides what its kind says: metadata, lists, Statuses, scales. */
import {
  anyObject,
  flag,
  integer,
  list,
  type OpenApiSchema,
  object,
  reference,
  text,
} from './schema.ts'

export const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
export const SCALE = 'io.k8s.api.autoscaling.v1.Scale'

const texts = (description: string): OpenApiSchema => ({
  type: 'object',
  description,
  additionalProperties: { type: 'string', default: '' },
})
const time = (description: string): OpenApiSchema => text(description, { format: 'date-time' })

const managedFields = object('Which fields somebody wrote.', {
  'manager?': text('Who wrote them.'),
  'operation?': text('Apply or Update.'),
  'apiVersion?': text('Of the object, as it was written.'),
  'time?': time('When it was written last.'),
  'fieldsType?': text('FieldsV1.'),
  'fieldsV1?': anyObject('The fields, as a tree.'),
  'subresource?': text('Through which subresource.'),
})

/** By their names in the document. */
export const META_SCHEMAS: Readonly<Record<string, OpenApiSchema>> = {
  [`${META}.ObjectMeta`]: object('What names an object, and what the server knows of it.', {
    'name?': text('Its name, unique for its kind in its namespace.'),
    'generateName?': text('What a name begins with that the server makes up.'),
    'namespace?': text('Where it is; default where absent.'),
    'labels?': texts('By which it can be found.'),
    'annotations?': texts('Facts for tools and people.'),
    'uid?': text('Tells it from others that had its name before.'),
    'resourceVersion?': text('Grows with every change. A write that names another one is refused.'),
    'generation?': integer('Counts the changes of its spec.'),
    'creationTimestamp?': time('When it was made.'),
    'managedFields?': list('Who wrote which field.', managedFields),
  }),
  [`${META}.ListMeta`]: object('What the server says of a list.', {
    'resourceVersion?': text('Watching from here misses nothing.'),
    'continue?': text('Asks for the next page; absent on the last one.'),
    'remainingItemCount?': integer('How many follow.'),
  }),
  [`${META}.Status`]: object('Why a request was refused, or that it was done.', {
    'kind?': text('Status.'),
    'apiVersion?': text('v1.'),
    'metadata?': reference(`${META}.ListMeta`),
    'status?': text('Success or Failure.'),
    'message?': text('A sentence for people; what to do next stands on a line of its own.'),
    'reason?': text('A word for programs.'),
    'details?': anyObject('What it was about, with every cause and its field.'),
    'code?': integer('The HTTP status.'),
  }),
  [`${META}.Patch`]: anyObject('A patch in the form that its content type names.'),
  [`${META}.DeleteOptions`]: object('How something is deleted.', {
    'kind?': text('DeleteOptions.'),
    'apiVersion?': text('v1.'),
    'dryRun?': list('All: nothing is deleted.', { type: 'string', default: '' }),
    'preconditions?': object('What has to be so.', {
      'uid?': text('Its uid.'),
      'resourceVersion?': text('Its resourceVersion.'),
    }),
    'propagationPolicy?': text('Is accepted; nothing here has dependents that it would delete.'),
    'gracePeriodSeconds?': integer('Is accepted; a delete takes effect at once.'),
    'orphanDependents?': flag('Is accepted; nothing here has dependents.'),
  }),
  [SCALE]: {
    ...object('How many there are, and how many there should be.', {
      'apiVersion?': text('autoscaling/v1.'),
      'kind?': text('Scale.'),
      'metadata?': reference(`${META}.ObjectMeta`),
      'spec?': object('What should be.', { 'replicas?': integer('The number of shards.') }),
      'status?': object('What is.', { 'replicas?': integer('The number of shards.') }),
    }),
    'x-kubernetes-group-version-kind': [{ group: 'autoscaling', version: 'v1', kind: 'Scale' }],
  },
}
