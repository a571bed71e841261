// The text of turns that are being streamed. Dies with the tab, except that a reload takes its place along.
// The journal is the truth: a turn that became a message is shown as that message, whatever stands here.
import { create } from "zustand"
import type { DeltaFrame, GapFrame, Link, TurnFrame } from "./link"

export interface LiveTurn {
  turn: number
  attempt: number
  /** UTF-8 bytes of the turn's text so far: the offset at which the next delta starts. */
  end: number
  text: string
}

type Step = { next: LiveTurn } | { hole: true } | { old: true }

const encoder = new TextEncoder()
const decoder = new TextDecoder()
/** Stands for what can't be had any more. */
const LOST = " … "

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

/** The turn after the server told of a hole that nobody can fill: it goes on behind it. A hole in the facts is none of ours. */
export function skip(now: LiveTurn | undefined, gap: GapFrame): LiveTurn | undefined {
  const { turn, attempt, to } = gap
  if (turn === undefined || attempt === undefined || typeof to !== "number") return now
  const same = now?.turn === turn && now.attempt === attempt
  if (same && now.end >= to) return now
  return { turn, attempt, end: to, text: (same ? now.text : "") + LOST }
}

type Runs = Readonly<Record<string, LiveTurn>>

const KEPT = "metatron.live"
/** Letters that a reload takes along, of all runs together: a tab's storage is small. */
const ROOM = 512 * 1024

/** What a reload takes along. A text for which there is no room is left out: its turn is then replayed. */
export function pack(runs: Runs): string {
  let room = ROOM
  const fits = ([, { text }]: [string, LiveTurn]) => text.length <= room && (room -= text.length) >= 0
  return JSON.stringify(Object.fromEntries(Object.entries(runs).reverse().filter(fits)))
}

/** What a reload brought along, as far as it is what `pack` makes. */
export function unpack(text: string | null): Runs {
  let value: unknown
  try {
    value = JSON.parse(text ?? "{}")
  } catch {
    return {}
  }
  if (value === null || typeof value !== "object") return {}
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, LiveTurn] => isLiveTurn(entry[1])))
}

function isLiveTurn(value: unknown): value is LiveTurn {
  if (value === null || typeof value !== "object") return false
  const { turn, attempt, end, text } = value as Record<keyof LiveTurn, unknown>
  return [turn, attempt, end].every((it) => Number.isSafeInteger(it) && (it as number) >= 0) && typeof text === "string"
}

function kept(): Runs {
  try {
    const text = sessionStorage.getItem(KEPT)
    sessionStorage.removeItem(KEPT)
    return unpack(text)
  } catch {
    return {}
  }
}

export const useLive = create<{ runs: Runs }>(() => ({ runs: kept() }))

addEventListener("pagehide", () => {
  try {
    sessionStorage.setItem(KEPT, pack(useLive.getState().runs))
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
  const put = (next: LiveTurn) => useLive.setState(({ runs }) => ({ runs: { ...runs, [run]: next } }))
  return link.subscribe(topic, {
    from: () => {
      const now = useLive.getState().runs[run]
      return now ? { turn: now.turn, attempt: now.attempt, offset: now.end } : { turn: 0, attempt: 0, offset: 0 }
    },
    frame: (frame) => {
      const now = useLive.getState().runs[run]
      if (frame.ev === "gap") {
        const next = skip(now, frame)
        if (next && next !== now) put(next)
      } else if (frame.ev === "delta" || frame.ev === "turn") {
        const step = follow(now, frame)
        if ("hole" in step) link.again(topic)
        else if ("next" in step) put(step.next)
      }
    },
  })
}
