import type { Chat, Mode } from "../api/model"

/** The mode that counts now, and the seconds it has left: when the time of one is over it is `ask` again. */
export function modeOf({ mode, mode_until }: Pick<Chat, "mode" | "mode_until">, now: number): { mode: Mode; left: number | undefined } {
  if (!mode_until) return { mode, left: undefined }
  const left = Math.ceil((Date.parse(mode_until) - now) / 1000)
  return left > 0 ? { mode, left } : { mode: "ask", left: undefined }
}
