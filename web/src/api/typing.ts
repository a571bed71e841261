// Keys on their way to a terminal. Owns how many may be under way: a long paste waits here, in order, and not in the server.

/** Bytes under way without a word that they were typed. The server allows 256 KiB for all terminals of this page. */
const WINDOW = 64 * 1024
/** Bytes of one frame. */
const PIECE = 16 * 1024

export class Typing {
  private waiting: Uint8Array[] = []
  private sent = 0
  private typed = 0

  constructor(private readonly press: (bytes: Uint8Array) => boolean) {}

  /** Bytes that have not been sent yet. */
  get left(): number {
    return this.waiting.reduce((sum, piece) => sum + piece.length, 0)
  }

  /** Takes keys; false when there is no line: then they are dropped, so that nothing is typed late into something else. */
  push(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; at += PIECE) this.waiting.push(bytes.subarray(at, at + PIECE))
    return this.flush()
  }

  /** The server says how many bytes were typed so far. */
  pressed(n: number): void {
    this.typed = Math.max(this.typed, n)
    this.flush()
  }

  /** The line is gone, and with it everything that was meant for it. */
  drop(): void {
    this.waiting = []
  }

  /** A line stands, and counts from the beginning. */
  begin(): void {
    this.sent = this.typed = 0
    this.flush()
  }

  private flush(): boolean {
    for (;;) {
      const next = this.waiting[0]
      if (!next) return true
      if (this.sent > this.typed && this.sent + next.length - this.typed > WINDOW) return true
      if (!this.press(next)) {
        this.waiting = []
        return false
      }
      this.waiting.shift()
      this.sent += next.length
    }
  }
}
