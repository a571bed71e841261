// Bytes of terminals as they arrive. Keeps the last half megabyte of each, with its place in the whole.
import { readOutput } from "./client"
import type { Link } from "./link"

const KEEP = 512 * 1024

/** The tail of one terminal's output. A piece that comes twice is taken once; a hole is reported. */
export class Output {
  start = 0
  end = 0
  ended = false
  private pieces: Uint8Array[] = []

  /** Takes a piece; answers where the missing part starts if there is a hole before it. */
  push(offset: number, bytes: Uint8Array): { hole: number } | undefined {
    if (this.pieces.length === 0 && this.end === 0) this.start = this.end = offset
    if (offset > this.end) return { hole: this.end }
    const fresh = bytes.subarray(Math.min(this.end - offset, bytes.length))
    if (fresh.length === 0) return undefined
    this.pieces.push(fresh)
    this.end += fresh.length
    while (this.end - this.start > KEEP && this.pieces.length > 1) this.start += this.pieces.shift()?.length ?? 0
    return undefined
  }

  /** Gives up what is missing: the tail goes on from here. */
  skipTo(offset: number): void {
    this.pieces = []
    this.start = this.end = offset
  }

  bytes(): Uint8Array {
    const whole = new Uint8Array(this.end - this.start)
    let at = 0
    for (const piece of this.pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    return whole
  }
}

interface Watched {
  output: Output
  version: number
  due: boolean
  hear: Set<() => void>
}

const watched = new Map<string, Watched>()

function entry(terminal: string): Watched {
  const known = watched.get(terminal)
  if (known) return known
  const fresh = { output: new Output(), version: 0, due: false, hear: new Set<() => void>() }
  watched.set(terminal, fresh)
  return fresh
}

export const outputOf = (terminal: string): Output => entry(terminal).output
export const outputVersion = (terminal: string): number => entry(terminal).version

/** Calls `hear` at most once a frame while the output grows. */
export function onOutput(terminal: string, hear: () => void): () => void {
  const it = entry(terminal)
  it.hear.add(hear)
  return () => it.hear.delete(hear)
}

function changed(it: Watched): void {
  if (it.due) return
  it.due = true
  requestAnimationFrame(() => {
    it.due = false
    it.version += 1
    for (const hear of it.hear) hear()
  })
}

/** Fetches the recording's tail, for a command that ended before anybody watched. */
export async function fetchTail(terminal: string, total: number): Promise<void> {
  const it = entry(terminal)
  const from = Math.max(it.output.end, total - KEEP)
  if (from >= total) return
  if (from > it.output.end) it.output.skipTo(from)
  await fill(it, terminal, total)
  changed(it)
}

async function fill(it: Watched, terminal: string, to: number): Promise<void> {
  while (it.output.end < to) {
    const piece = await readOutput(terminal, it.output.end, Math.min(to - it.output.end, 256 * 1024))
    if (piece.offset > it.output.end) it.output.skipTo(piece.offset)
    if (piece.bytes.length === 0) return
    it.output.push(piece.offset, piece.bytes)
  }
}

/** Follows a terminal until the returned function is called; resumes at the byte where it stands. */
export function watchTerminal(link: Link, terminal: string): () => void {
  const topic = `terminal.${terminal}`
  const it = entry(terminal)
  const recover = (to: number) =>
    fill(it, terminal, to)
      .catch(() => it.output.skipTo(to))
      .then(() => link.again(topic))
      .finally(() => changed(it))
  return link.subscribe(topic, {
    from: () => it.output.end,
    bytes: (offset, bytes) => {
      if (it.output.push(offset, bytes)) link.again(topic)
      changed(it)
    },
    frame: (frame) => {
      if (frame.ev === "gap" && typeof frame.to === "number") void recover(frame.to)
      if (frame.ev === "terminal.end") {
        it.output.ended = true
        changed(it)
      }
    },
  })
}
