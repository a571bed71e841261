// Moments to come: as a field of day and time holds them, and how far away they are.

const two = (n: number) => String(n).padStart(2, "0")

/** `2026-11-29T09:00` on this browser's clock, as a field of day and time holds it. */
export function fieldOf(at: number): string {
  const it = new Date(at)
  return `${it.getFullYear()}-${two(it.getMonth() + 1)}-${two(it.getDate())}T${two(it.getHours())}:${two(it.getMinutes())}`
}

/** The instant that such a field names, or nothing. A time that the clocks leap over is the one behind the leap. */
export function instantOf(field: string): number | undefined {
  const at = Date.parse(field)
  return Number.isNaN(at) ? undefined : at
}

/** Nine o'clock tomorrow. */
export function tomorrowMorning(now: number): number {
  const it = new Date(now)
  it.setDate(it.getDate() + 1)
  return it.setHours(9, 0, 0, 0)
}

/** How far away: in whole minutes, from 90 on in hours, from 48 of them on in days; nothing once it is there. */
export function distance(at: number, now: number): { n: number; unit: "min" | "h" | "d" } | undefined {
  const minutes = Math.ceil((at - now) / 60_000)
  if (minutes <= 0) return undefined
  if (minutes < 90) return { n: minutes, unit: "min" }
  const hours = Math.round(minutes / 60)
  return hours < 48 ? { n: hours, unit: "h" } : { n: Math.round(hours / 24), unit: "d" }
}
