import { isActive, type Task } from "../../api/model"
import type { Messages } from "../../i18n/en"

/** How a task stands, in words, and whether that is good or waits for the owner. */
export function outcome({ state, run }: Pick<Task, "state" | "run">, text: Messages): { word: string; tone: "ok" | "fail" | "muted" | "waits" } {
  switch (state) {
    case "done":
      return { word: text.task.state.done, tone: "ok" }
    case "failed":
      // Stopped by the owner, or nobody answered: the run has the better word.
      return { word: run?.state === "cancelled" || run?.state === "expired" ? text.run[run.state] : text.task.state.failed, tone: "fail" }
    case "missed":
    case "unknown":
      return { word: text.task.state[state], tone: "fail" }
    case "skipped":
      return { word: text.task.state.skipped, tone: "muted" }
    default:
      if (run?.state === "waiting_approval") return { word: text.task.waits, tone: "waits" }
      return { word: run && isActive(run.state) ? text.run[run.state] : text.task.state[state], tone: "muted" }
  }
}
