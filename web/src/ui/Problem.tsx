import type { ReactNode } from "react"
import type { ApiProblem } from "../api/client"
import { useText } from "../i18n"
import type { Messages } from "../i18n/en"

/** The cause in the owner's words, and the next step. */
export function explain(problem: ApiProblem, text: Messages): { cause: string; next?: string } {
  const say = text.problem
  const { code, status } = problem
  switch (code) {
    case "offline":
      return { cause: say.offline, next: say.offlineNext }
    case "claim_code_wrong":
      return { cause: say.wrong_code, next: say.wrong_codeNext }
    case "claim_code_expired":
      return { cause: say.expired_code, next: say.expired_codeNext }
    case "claim_needs_tls":
      return { cause: text.setup.needsTls }
    case "wrong_password":
      return { cause: say.wrong_password, next: say.wrong_passwordNext }
    case "approval_already_decided":
      return { cause: say.decided, next: say.decidedNext }
    case "approval_expired":
      return { cause: say.expired, next: say.expiredNext }
    case "digest_mismatch":
      return { cause: say.digest, next: say.digestNext }
    case "chat_busy":
      return { cause: say.chatBusy, next: say.chatBusyNext }
    case "run_ended":
      return { cause: say.ended }
    case "halted":
      return { cause: text.task.halt.halted, next: text.task.halt.haltedNext }
    case "task_begun":
      return { cause: text.task.begun, next: text.task.begunNext }
    case "undo_gone":
      return { cause: text.undo.gone, next: text.undo.goneNext }
    case "terminal_ended":
      return { cause: say.terminalEnded, next: say.terminalEndedNext }
    case "terminal_busy":
      return { cause: say.terminalBusy, next: say.terminalBusyNext }
    case "no_password_asked":
      return { cause: say.noPassword, next: say.noPasswordNext }
    case "redis_unavailable":
    case "shell_unavailable":
      return { cause: say.part, next: say.partNext }
    case "storage_busy":
    case "storage_unwritable":
      return { cause: say.storage, next: code === "storage_busy" ? say.storageNext : say.storageFullNext }
  }
  if (status === 429) return { cause: say.throttled, next: say.throttledNext }
  if (status === 403) return { cause: say.forbidden }
  if (status === 404) return { cause: say.missing, next: say.missingNext }
  if (status === 412) return { cause: say.stale, next: say.staleNext }
  if (status >= 500) return { cause: say.server, next: say.serverNext }
  const fields = problem.fields.map((field) => field.detail).join(" ")
  return { cause: problem.message || say.title(code), ...(fields ? { next: fields } : {}) }
}

/** A refusal, said once, where it happened. */
export function ProblemNote({ problem, children }: { problem: ApiProblem | null | undefined; children?: ReactNode }) {
  const text = useText()
  if (!problem) return null
  const { cause, next } = explain(problem, text)
  return (
    <div className="note bad" role="alert">
      <p>
        <b>{cause}</b> {next}
      </p>
      {problem.requestId && problem.status >= 500 ? (
        <p className="meta">
          {text.problem.request} <code>{problem.requestId}</code>
        </p>
      ) : null}
      {children}
    </div>
  )
}
