// The server's time, as far as its answers tell. Deadlines are the server's: a device whose own clock is off must still show them right.

/** By how many milliseconds the server is ahead, within what is known. */
export interface Offset {
  least: number
  most: number
}

/** What one answer tells: the server wrote its date, cut to the second, between the two moments of our clock. */
export function offsetOf(date: string, sent: number, heard: number): Offset | undefined {
  const at = Date.parse(date)
  return Number.isNaN(at) ? undefined : { least: at - heard, most: at + 1000 - sent }
}

/** Brings together what was known and what was heard. When both can't be true, one of the clocks was set, and the newer word counts. */
export function narrow(known: Offset, heard: Offset): Offset {
  const both = { least: Math.max(known.least, heard.least), most: Math.min(known.most, heard.most) }
  return both.least <= both.most ? both : heard
}

/** The offset to count with: none where the clocks may well agree. */
export const middle = ({ least, most }: Offset): number => (least <= 0 && most >= 0 ? 0 : Math.round((least + most) / 2))

let known: Offset = { least: -Infinity, most: Infinity }

/** Learns from an answer that has just come. */
export function hearDate(date: string | null, sent: number, heard: number): void {
  const offset = date === null ? undefined : offsetOf(date, sent, heard)
  if (offset) known = narrow(known, offset)
}

/** What time it is at the server. */
export const serverNow = (): number => Date.now() + middle(known)
