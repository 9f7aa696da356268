/** AccessPolicy: who may do what to which resources. */
import { choice, flag, group, idField, list, map, nameOf, optional, text } from './field.ts'
import { type CelRule, defineKind, type KindDefinition } from './kind.ts'
import { entriesOf, type Fields, fieldsOf } from './spec-reading.ts'

const RIGHTS = ['Read', 'Write', 'Delete', 'ManageAccessControl', 'Share']
const TARGET_KINDS = ['StreamType', 'Stream', 'AccessPolicy', 'Sink', 'Pipeline']
const TARGET_FORMS = ['names', 'selector', 'default']
const TRUSTEE_FORMS = ['user', 'client', 'role']

const trusteeFields = {
  user: optional(text('A user’s id.', 250, { minLength: 1 })),
  client: optional(text('The id of a program that signs in by itself.', 250, { minLength: 1 })),
}

const target = group('AccessTarget', 'Exactly one of `names`, `selector` and `default`.', {
  kind: choice('The kind of the resources.', TARGET_KINDS),
  names: optional(
    list('By name; they need not be declared.', nameOf('A name.'), {
      minItems: 1,
      maxItems: 256,
      'x-kubernetes-list-type': 'set',
    }),
  ),
  selector: optional(
    group('LabelSelector', 'By label.', {
      matchLabels: map('All of these labels, with these values.', text('A value.', 63), {
        minProperties: 1,
        maxProperties: 16,
      }),
    }),
  ),
  default: optional(flag('True for what is created from now on and has no policy of its own.')),
})

const entry = group('AccessEntry', 'One thing that is allowed or denied.', {
  trustee: group('Trustee', 'Exactly one of `user`, `client` and `role`.', {
    ...trusteeFields,
    role: optional(text('The id of a role.', 250, { minLength: 1 })),
  }),
  access: choice('Deny wins over Allow.', ['Allow', 'Deny']),
  rights: list('Which rights.', choice('A right.', RIGHTS), {
    minItems: 1,
    maxItems: RIGHTS.length,
    'x-kubernetes-list-type': 'set',
  }),
})

const TARGET_FORMS_TEXT = 'a target has exactly one of names, selector and default: true'
const TRUSTEE_FORMS_TEXT = 'a trustee is exactly one of user, client and role'
const ONE_TARGET_FORM =
  '(has(t.names) ? 1 : 0) + (has(t.selector) ? 1 : 0) + (has(t.default) && t.default ? 1 : 0) == 1'
const ONE_TRUSTEE_FORM =
  '(has(e.trustee.user) ? 1 : 0) + (has(e.trustee.client) ? 1 : 0) + (has(e.trustee.role) ? 1 : 0) == 1'

/** CEL that ends a message with the first entry of a list that does not fulfil a condition; all would cost too much. */
const butNot = (message: string, list: string, entry: string, condition: string): string =>
  `'${message}, but not ${list}[%d]'.format([self.${list}.map(${entry}, ${condition}).indexOf(false)])`

const oneTargetForm: CelRule = {
  rule: `self.targets.all(t, ${ONE_TARGET_FORM})`,
  message: TARGET_FORMS_TEXT,
  messageExpression: butNot(TARGET_FORMS_TEXT, 'targets', 't', ONE_TARGET_FORM),
  fieldPath: '.targets',
  inManifest: true,
  check: (spec) =>
    entriesOf(spec['targets']).flatMap((candidate, index) => {
      const forms = formsOf(candidate, TARGET_FORMS)
      if (forms.length === 1) return []
      const expected = 'exactly one of names, selector and default: true'
      const hint =
        forms.length === 0
          ? 'say which ones: names: […], selector: {matchLabels: {…}}, or default: true'
          : 'make a target of each of them'
      return [
        { path: ['targets', index], at: 'value' as const, expected, found: textOf(forms), hint },
      ]
    }),
}

const oneTrusteeForm: CelRule = {
  rule: `self.entries.all(e, ${ONE_TRUSTEE_FORM})`,
  message: TRUSTEE_FORMS_TEXT,
  messageExpression: butNot(TRUSTEE_FORMS_TEXT, 'entries', 'e', ONE_TRUSTEE_FORM),
  fieldPath: '.entries',
  inManifest: true,
  check: (spec) =>
    entriesOf(spec['entries']).flatMap(({ trustee }, index) => {
      const forms = formsOf(fieldsOf(trustee), TRUSTEE_FORMS)
      if (trustee === undefined || forms.length === 1) return []
      const expected = 'exactly one of user, client and role'
      const hint =
        forms.length === 0
          ? 'say who: {user: ID}, {client: ID} or {role: ID}'
          : 'make an entry of each of them'
      const path = ['entries', index, 'trustee']
      return [{ path, at: 'value' as const, expected, found: textOf(forms), hint }]
    }),
}

const oneOwnerForm: CelRule = {
  rule: '!has(self.owner) || has(self.owner.user) != has(self.owner.client)',
  message: 'an owner is exactly one of user and client',
  fieldPath: '.owner',
  inManifest: true,
  check: ({ owner }) => {
    const forms = formsOf(fieldsOf(owner), TRUSTEE_FORMS)
    if (owner === undefined || forms.length === 1) return []
    const hint = forms.length === 0 ? 'say who: {user: ID} or {client: ID}' : 'keep one of them'
    const expected = 'exactly one of user and client'
    return [{ path: ['owner'], at: 'value', expected, found: textOf(forms), hint }]
  },
}

export const accessPolicy: KindDefinition = defineKind({
  kind: 'AccessPolicy',
  plural: 'accesspolicies',
  singular: 'accesspolicy',
  shortNames: ['apol'],
  categories: ['headgate'],
  summary: 'Who may do what to which resources.',
  spec: group('AccessPolicySpec', 'Which resources, who owns them, and what others may do.', {
    id: idField(),
    targets: list('Which resources it is about.', target, {
      minItems: 1,
      maxItems: 64,
      'x-kubernetes-list-type': 'atomic',
    }),
    owner: optional(
      group(
        'AccessOwner',
        'Who may do everything, whatever the entries say: a user or a client.',
        trusteeFields,
      ),
    ),
    entries: list('What is allowed and denied.', entry, {
      minItems: 1,
      maxItems: 256,
      'x-kubernetes-list-type': 'atomic',
    }),
    displayName: optional(text('A name for people.', 250)),
    description: optional(text('What it is for.', 4096)),
  }),
  rules: [oneTargetForm, oneTrusteeForm, oneOwnerForm],
  printerColumns: [],
  example: `apiVersion: headgate.dev/v1alpha1
kind: AccessPolicy
metadata:
  name: operators
spec:
  targets:
    - {kind: Stream, selector: {matchLabels: {plant: "7"}}}
  entries:
    - {trustee: {role: operators}, access: Allow, rights: [Read, Write]}
`,
})

function textOf(forms: readonly string[]): string {
  return forms.length === 0 ? 'none of them' : forms.join(' and ')
}

/** Which of the exclusive fields are used; \`default: false\` says nothing. */
function formsOf(fields: Fields, forms: readonly string[]): readonly string[] {
  return forms.filter((form) => fields[form] !== undefined && fields[form] !== false)
}
