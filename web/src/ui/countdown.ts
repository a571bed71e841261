// How much of a deadline is left, by the clock of the server that set it.
import { useEffect, useState } from "react"
import { serverNow } from "../api/clock"

export interface Remaining {
  seconds: number
  /** 1 = all of it, 0 = none. */
  share: number
}

export function remaining(askedAt: string, expiresAt: string, now: number): Remaining {
  const end = Date.parse(expiresAt)
  const whole = Math.max(1, end - Date.parse(askedAt))
  const left = Math.max(0, end - now)
  return { seconds: Math.ceil(left / 1000), share: Math.min(1, left / whole) }
}

/** `11:42`, or `2:03:07` from an hour on. */
export function clockText(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, "0")
  const h = Math.floor(seconds / 3600)
  const m = Math.floor((seconds % 3600) / 60)
  const s = seconds % 60
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** The time, by default the server's, renewed every second while `running`. */
export function useNow(running = true, clock = serverNow): number {
  const [now, setNow] = useState(clock)
  useEffect(() => {
    if (!running) return undefined
    const timer = setInterval(() => setNow(clock()), 1000)
    return () => clearInterval(timer)
  }, [running, clock])
  return now
}
