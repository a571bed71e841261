// A recording as asciicast v2: one header, then one event a line. Pure.
import type { TerminalSize } from "../../api/model"

export interface Step {
  /** Seconds from the beginning, long pauses left out. */
  at: number
  /** What is printed, or the size from here on. */
  what: string | TerminalSize
}

export interface Marker {
  at: number
  label: string
}

export interface Cast {
  size: TerminalSize
  steps: Step[]
  markers: Marker[]
  /** Seconds in all. */
  length: number
}

const FIRST: TerminalSize = { columns: 80, rows: 24 }

function json(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function sizeOf(text: string): TerminalSize | undefined {
  const [columns, rows] = text.split("x").map(Number)
  return columns && rows && columns <= 1000 && rows <= 500 ? { columns, rows } : undefined
}

/** Reads a recording. Lines that are none are passed over; pauses longer than `pause` seconds are cut to that. */
export function readCast(text: string, pause = Infinity): Cast {
  const [first = "", ...lines] = text.split("\n")
  const header = (json(first) ?? {}) as { width?: number; height?: number }
  const size = sizeOf(`${header.width}x${header.height}`) ?? FIRST
  const steps: Step[] = []
  const markers: Marker[] = []
  let heard = 0
  let at = 0
  for (const line of lines) {
    const event = json(line)
    if (!Array.isArray(event)) continue
    const [time, kind, data] = event as unknown[]
    if (typeof time !== "number" || typeof data !== "string") continue
    at += Math.min(Math.max(0, time - heard), pause)
    heard = Math.max(heard, time)
    if (kind === "o") steps.push({ at, what: data })
    else if (kind === "m") markers.push({ at, label: data })
    else if (kind === "r") {
      const next = sizeOf(data)
      if (next) steps.push({ at, what: next })
    }
  }
  return { size, steps, markers, length: at }
}

/** How many steps have happened by then. */
export function stepsBy(steps: readonly Step[], at: number): number {
  let low = 0
  let high = steps.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((steps[middle]?.at ?? Infinity) <= at) low = middle + 1
    else high = middle
  }
  return low
}
