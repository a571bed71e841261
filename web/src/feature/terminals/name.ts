import type { Terminal } from "../../api/model"
import type { Messages } from "../../i18n/en"
import { type By } from "../../ui/actor"
import { clockText } from "../../ui/countdown"

/** What a terminal is called: its own name, else what runs in it. */
export const nameOf = (terminal: Terminal, text: Messages): string =>
  terminal.name || (terminal.kind === "command" ? (terminal.program ?? text.terminal.command) : (terminal.program ?? text.terminal.shell))

/** Whose the keyboard is, or was last. */
export const byOf = ({ driver }: Terminal): By => (driver.by === "owner" ? "you" : "ai")

/** How it stands or ended, in a word or two. */
export function standing(terminal: Terminal, text: Messages): { word: string; isBad: boolean } {
  const { state, exit, reachable } = terminal
  if (state === "running" && !reachable) return { word: text.terminal.unreachable, isBad: true }
  if (state !== "ended") return { word: text.terminal.state[state], isBad: state === "lost" || state === "refused" }
  switch (exit?.how) {
    case "code":
      return { word: text.exec.code(exit.code), isBad: exit.code !== 0 && terminal.kind === "command" }
    case "signal":
      return { word: text.exec.signal(exit.signal), isBad: terminal.kind === "command" }
    case "timeout":
      return { word: text.exec.timeout(exit.after_s), isBad: true }
    default:
      return { word: text.terminal.state.ended, isBad: false }
  }
}

/** How long a run may still type; undefined where there is no end. */
export function timeLeft({ driver }: Terminal, now: number): string | undefined {
  if (driver.by !== "ai" || !driver.until) return undefined
  return clockText(Math.max(0, Math.ceil((Date.parse(driver.until) - now) / 1000)))
}
