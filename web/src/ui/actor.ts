import type { Actor } from "../api/model"
import type { Messages } from "../i18n/en"

/** The four shapes of the rail. */
export type By = "you" | "ai" | "sched" | "out"

export function byOf(actor: Actor): By {
  switch (actor.kind) {
    case "owner":
      return "you"
    case "ai":
      return "ai"
    case "schedule":
      return "sched"
    default:
      return "out"
  }
}

export function actorName(by: By, text: Messages): string {
  return { you: text.common.you, ai: text.common.ai, sched: text.common.schedule, out: text.common.outside }[by]
}
