// What the facts tell about one terminal's keyboard, as lines of the ledger.
import type { Driver, Fact, Terminal, TerminalHistory } from "../../api/model"
import type { Messages } from "../../i18n/en"
import type { By } from "../../ui/actor"

export interface Line {
  eid: number
  at: string
  by: By
  what: string
  note: string | undefined
  /** What was said with it, in someone's own words. */
  said: string | undefined
}

interface Told {
  driver?: Driver
  waits?: string | null
  program?: string | null
  state?: string
}

const isDriver = (value: unknown): value is Driver => value !== null && typeof value === "object" && "by" in value

/** The lines, the newest first. A fact that changes nothing for the keyboard gives none. */
export function history({ items, notes }: Pick<TerminalHistory, "items" | "notes">, text: Messages): Line[] {
  const say = text.terminal.told
  const lines: Line[] = []
  let last: Driver | undefined
  for (const fact of items) {
    const told = (fact.data ?? {}) as Told
    const add = (by: By, what: string, note?: string, said?: string) => lines.push({ eid: fact.eid, at: fact.at, by, what, note, said })
    switch (fact.type) {
      case "terminal.created":
        add(fact.actor.kind === "owner" ? "you" : "ai", fact.actor.kind === "owner" ? say.youOpened : say.aiOpened)
        break
      case "terminal.drive": {
        if (!isDriver(told.driver)) break
        const { driver } = told
        if (driver.by === "owner") {
          if (last?.by === "ai") add(isOver(last, fact.at) ? "sched" : "you", isOver(last, fact.at) ? say.timeOver : say.youTook)
        } else if (driver.paused) add("ai", say.aiPaused, told.program ? say.passwordOf(told.program) : say.password)
        else if (last?.by === "ai" && last.paused) add("ai", say.aiGoesOn)
        else if (driver.until && !isSame(last, driver)) add("you", say.youHanded, handed(driver.until, fact.at, say), notes.find((note) => note.run_id === driver.run && note.until === driver.until)?.note)
        last = driver
        break
      }
      case "terminal.waits":
        if (told.waits === "password" && last?.by !== "ai") add("you", say.asked, told.program ? say.passwordOf(told.program) : say.password)
        break
      case "terminal.ended":
        add(fact.actor.kind === "owner" ? "you" : "sched", told.state === "lost" ? say.lost : told.state === "refused" ? say.refused : say.ended)
        break
      default:
        break
    }
  }
  return lines.reverse()
}

/** Whether the AI's time with the keyboard was over by then. */
const isOver = (driver: Driver, at: string): boolean => driver.by === "ai" && Boolean(driver.until) && Date.parse(driver.until ?? "") <= Date.parse(at)

/** Whether a run has the keyboard by the same word of the owner's as before. */
const isSame = (last: Driver | undefined, driver: Driver): boolean => last?.by === "ai" && driver.by === "ai" && last.run === driver.run && last.until === driver.until

const handed = (until: string, at: string, say: Messages["terminal"]["told"]): string =>
  say.minutes(Math.max(1, Math.round((Date.parse(until) - Date.parse(at)) / 60_000)))

/** The run that last held the keyboard, or whose command this is: to it the keyboard goes back. */
export function lastRun(terminal: Terminal, facts: readonly Fact[]): string | undefined {
  if (terminal.driver.by === "ai") return terminal.driver.run
  const drivers = facts.map((fact) => (fact.data as { driver?: Terminal["driver"] } | null)?.driver)
  const last = drivers.findLast((driver) => driver?.by === "ai")
  return last?.by === "ai" ? last.run : (terminal.run_id ?? undefined)
}
