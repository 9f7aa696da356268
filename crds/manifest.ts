/** A kind as a CustomResourceDefinition. */
import type { KindDefinition } from './kind.ts'
import { GROUP, VERSION } from './resource.ts'
import { structuralSchema } from './structural.ts'

export function manifestOf(definition: KindDefinition): Readonly<Record<string, unknown>> {
  const { kind, plural, singular, shortNames, categories, scale } = definition
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: objectSchema(definition) },
          subresources: { status: {}, ...(scale === undefined ? {} : { scale }) },
          additionalPrinterColumns: definition.printerColumns,
        },
      ],
    },
  }
}

/** A whole object of the kind; its metadata is Kubernetes' own. */
export function objectSchema(definition: KindDefinition): Readonly<Record<string, unknown>> {
  const rules = definition.rules
    .filter(({ inManifest }) => inManifest)
    .map(({ rule, message, messageExpression, fieldPath }) => ({
      rule,
      message,
      ...(messageExpression === undefined ? {} : { messageExpression }),
      ...(fieldPath === undefined ? {} : { fieldPath }),
    }))
  const spec = {
    ...structuralSchema(definition.spec, `${definition.kind}.spec`),
    ...(definition.specRequired ? {} : { default: {} }),
    ...(rules.length === 0 ? {} : { 'x-kubernetes-validations': rules }),
  }
  return {
    type: 'object',
    description: definition.summary,
    ...(definition.specRequired ? { required: ['spec'] } : {}),
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec,
      status: {
        type: 'object',
        description: 'What is; written by Headgate.',
        'x-kubernetes-preserve-unknown-fields': true,
      },
    },
    'x-kubernetes-validations': definition.transitions.map(
      ({ field, rule, message, messageExpression }) => ({
        rule,
        message,
        messageExpression,
        fieldPath: `.${field}`,
      }),
    ),
  }
}
