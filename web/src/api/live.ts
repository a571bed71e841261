// The text of turns that are being streamed. Dies with the tab, except that a reload takes its place along.
import { create } from "zustand"
import type { DeltaFrame, Link, TurnFrame } from "./link"

export interface LiveTurn {
  turn: number
  attempt: number
  /** UTF-8 bytes of `text`: the offset at which the next delta starts. */
  end: number
  text: string
}

type Step = { next: LiveTurn } | { hole: true } | { old: true }

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The turn after a frame; a repeated frame changes nothing, a later one than expected is a hole. */
export function follow(now: LiveTurn | undefined, frame: DeltaFrame | TurnFrame): Step {
  const order = now === undefined ? 1 : frame.turn - now.turn || frame.attempt - now.attempt
  if (order < 0) return { old: true }
  const base = order > 0 || now === undefined ? { turn: frame.turn, attempt: frame.attempt, end: 0, text: "" } : now
  if (frame.ev === "turn") return order > 0 ? { next: base } : { old: true }
  if (frame.offset > base.end) return { hole: true }
  const bytes = encoder.encode(frame.text)
  const known = base.end - frame.offset
  if (known >= bytes.length) return order > 0 ? { next: base } : { old: true }
  const fresh = known === 0 ? frame.text : decoder.decode(bytes.subarray(known))
  return { next: { ...base, end: frame.offset + bytes.length, text: base.text + fresh } }
}

interface LiveStore {
  runs: Readonly<Record<string, LiveTurn>>
}

const KEPT = "metatron.live"

function kept(): LiveStore["runs"] {
  try {
    const text = sessionStorage.getItem(KEPT)
    sessionStorage.removeItem(KEPT)
    return text === null ? {} : (JSON.parse(text) as LiveStore["runs"])
  } catch {
    return {}
  }
}

export const useLive = create<LiveStore>(() => ({ runs: kept() }))

addEventListener("pagehide", () => {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(useLive.getState().runs))
  } catch {
    // No room or no storage: the reload replays the whole turn instead of the gap.
  }
})

/** Forgets what was streamed: at the end of a run, or when somebody signs out. */
export const forgetLive = (run?: string): void =>
  useLive.setState(({ runs }) => ({
    runs: run === undefined ? {} : Object.fromEntries(Object.entries(runs).filter(([id]) => id !== run)),
  }))

/** Follows a run's text until the returned function is called. */
export function watchRun(link: Link, run: string): () => void {
  const topic = `run.${run}`
  return link.subscribe(topic, {
    from: () => {
      const now = useLive.getState().runs[run]
      return now ? { turn: now.turn, attempt: now.attempt, offset: now.end } : { turn: 0, attempt: 0, offset: 0 }
    },
    frame: (frame) => {
      if (frame.ev === "gap") {
        forgetLive(run)
        return
      }
      if (frame.ev !== "delta" && frame.ev !== "turn") return
      const step = follow(useLive.getState().runs[run], frame)
      if ("hole" in step) link.again(topic)
      else if ("next" in step) useLive.setState(({ runs }) => ({ runs: { ...runs, [run]: step.next } }))
    },
  })
}
