/** The contract's answers: an empty 200, plain text for what is wrong, and JSON for what the linter says. */
import type { FastifyReply } from 'fastify'
import { SetRefused } from '../../controllers/apply/set-refused.ts'
import { LintError } from '../../controllers/connect/lint-error.ts'
import { ProblemsError } from '../../controllers/problems-error.ts'
import { HeadgateError } from '../../engine/error.ts'

export function answerDone(reply: FastifyReply): FastifyReply {
  return reply.code(200).send()
}

/** `Error: …`, in the contract's words for what a client did wrong (400) and what the server could not do (502). */
export function answerError(reply: FastifyReply, status: number, message: string): FastifyReply {
  return answerText(reply, status, `Error: ${message}\n`)
}

export function answerText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply
    .code(status)
    .header('x-content-type-options', 'nosniff')
    .type('text/plain; charset=utf-8')
    .send(text)
}

export function answerJson(reply: FastifyReply, status: number, value: unknown): FastifyReply {
  // As bytes: to a text, the framework would say a charset that JSON has none of.
  return reply
    .code(status)
    .type('application/json')
    .send(Buffer.from(JSON.stringify(value)))
}

export function answerUnknown(reply: FastifyReply): FastifyReply {
  return answerText(reply, 404, 'Stream not found\n')
}

/** What a write of one stream or resource was refused with. */
export function answerRefusal(reply: FastifyReply, thrown: unknown): FastifyReply {
  if (thrown instanceof LintError) return answerJson(reply, 400, { lint_errors: thrown.lints })
  if (thrown instanceof SetRefused) {
    const failed = thrown.refused.some(({ because }) => because === 'failed')
    const messages = thrown.refused.map(sentence)
    return answerError(reply, failed ? 502 : 400, [...new Set(messages)].join('\n'))
  }
  if (thrown instanceof ProblemsError) return answerError(reply, 400, problemsText(thrown))
  if (!(thrown instanceof HeadgateError)) return answerError(reply, 502, closedText(thrown))
  if (thrown.code === 'NotFound') return answerUnknown(reply)
  if (thrown.code === 'AlreadyExists') return answerText(reply, 400, 'Stream already exists\n')
  return answerError(reply, statusOf(thrown), sentence(thrown))
}

/** Each failure on its line, with what was tried before it: first what should go, then what is changed, then new ones. */
export function answerSetRefusal(reply: FastifyReply, thrown: unknown): FastifyReply {
  if (!(thrown instanceof SetRefused)) return answerRefusal(reply, thrown)
  const lines = Object.entries(VERBS).flatMap(([verb, prefix]) =>
    thrown.refused
      .filter((one) => tried(one.verb) === verb)
      .flatMap((one) => sentence(one).split('\n'))
      .map((line) => `${prefix}${line}`),
  )
  return answerError(reply, 400, lines.join('\n'))
}

const VERBS = {
  delete: 'failed to delete stream: ',
  update: 'failed to update stream: ',
  create: 'failed to create stream: ',
} as const

function tried(verb: string): keyof typeof VERBS {
  if (verb === 'delete' || verb === 'retain') return 'delete'
  return verb === 'create' || verb === 'adopt' ? 'create' : 'update'
}

/** If-Match is ours, and so is its answer; what the server lacks is no fault of the request. */
function statusOf({ code, class: { status } }: HeadgateError): number {
  if (code === 'StateMoved') return 412
  return status >= 500 ? 502 : 400
}

function sentence({ message, hint }: Told): string {
  return hint === undefined ? message : `${message}: ${hint}`
}

interface Told {
  readonly message: string
  readonly hint?: string | undefined
}

function problemsText({ problems }: ProblemsError): string {
  const errors = problems.filter(({ severity }) => severity === 'error')
  return errors.map(({ message, hint }) => sentence({ message, hint })).join('\n')
}

/** A defect tells nothing of itself here; the log has it. */
function closedText(thrown: unknown): string {
  const isClosing = thrown instanceof Error && thrown.message === 'The control plane stops.'
  return isClosing ? 'type was closed' : 'the request failed'
}
