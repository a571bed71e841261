import type { Exec } from "../api/model"
import type { Messages } from "../i18n/en"

/** Why it did not run, or nobody knows whether it did: the cause, and what its host said about it. */
export function unrun({ state, error, verdict, approval_id, reasons }: Exec, text: Messages): string | undefined {
  const why = error ? (text.exec.why[error.code] ?? text.task.note[error.code]) : undefined
  const limited = error !== undefined && error !== null && text.task.note[error.code] !== undefined
  switch (state) {
    case "denied":
    case "refused": {
      if (why) return limited ? why : `${why} ${error?.detail ?? ""}`.trim()
      if (error) return `${text.exec.notRun} ${error.detail}`
      // Also what the owner changed, and the policy then forbade.
      const isOwn = state === "denied" && verdict !== "deny" && approval_id
      return isOwn ? text.exec.deniedNote : `${text.exec.refusedNote} ${reasons.join(" ")}`.trim()
    }
    case "cancelled":
      return text.exec.cancelledNote
    case "unknown":
      return `${text.exec.unknownNote} ${error?.detail ?? ""}`.trim()
    default:
      return error?.detail
  }
}
