// The actor rail beside a terminal: from which line on the keyboard was whose, as far as this page has seen it; and of what
// was there before, as far as the screen tells it that the page began with.
import type { IMarker, Terminal } from "@xterm/xterm"
import type { Stretch as Told } from "../../api/screen"
import type { By } from "../actor"

interface Stretch {
  by: By
  /** Where it begins; without one it begins before everything that is kept. */
  start: IMarker | undefined
}

export interface Segment {
  by: By
  row: number
  rows: number
  /** Whether the keyboard changed hands at its first row, so that the shape stands there. */
  begins: boolean
}

/** The stretches as they show in a window of rows. Lines count from the oldest kept one; `last` is the last written. */
export function segments(stretches: readonly { by: By; line: number }[], top: number, rows: number, last: number): Segment[] {
  const end = Math.min(top + rows, last + 1)
  return stretches.flatMap(({ by, line }, at) => {
    const from = Math.max(line, top)
    const to = Math.min(stretches[at + 1]?.line ?? end, end)
    return to > from ? [{ by, row: from - top, rows: to - from, begins: line >= top }] : []
  })
}

export class Rail {
  private stretches: Stretch[] = []
  private due = false

  constructor(
    private readonly terminal: Terminal,
    private readonly gutter: HTMLElement,
  ) {
    terminal.onRender(() => this.paint())
    terminal.onScroll(() => this.paint())
    terminal.onResize(() => this.paint())
  }

  /** From here on the keyboard is theirs. */
  change(by: By): void {
    if (this.stretches.at(-1)?.by === by) return
    const isFirst = this.stretches.length === 0
    const isAside = this.terminal.buffer.active.type === "alternate"
    this.stretches.push({ by, start: isFirst || isAside ? undefined : this.terminal.registerMarker(0) })
    this.paint()
  }

  /** What is shown now was made before this page looked; `told` says by whom. */
  restore(told: readonly Told[]): void {
    const { active } = this.terminal.buffer
    const now = this.stretches.at(-1)?.by
    for (const { start } of this.stretches) start?.dispose()
    // What lies under a program that has the whole screen is out of reach.
    const seen = active.type === "alternate" ? [] : told
    this.stretches = seen.map(({ row, by }) => ({ by: by === "owner" ? "you" : "ai", start: row === 0 ? undefined : this.terminal.registerMarker(row - active.cursorY) }))
    if (now) this.change(now)
    this.paint()
  }

  private paint(): void {
    if (this.due) return
    this.due = true
    requestAnimationFrame(() => {
      this.due = false
      this.draw()
    })
  }

  private draw(): void {
    const { terminal, gutter } = this
    const height = (terminal.element?.querySelector<HTMLElement>(".xterm-screen")?.offsetHeight ?? 0) / terminal.rows
    const buffer = terminal.buffer.active
    const last = this.stretches.at(-1)
    // A program that has the whole screen is whoever's the keyboard is.
    const lines = buffer.type === "alternate" && last ? [{ by: last.by, line: 0 }] : this.lines()
    const shown = segments(lines, buffer.viewportY, terminal.rows, buffer.type === "alternate" ? terminal.rows : buffer.baseY + buffer.cursorY)
    while (gutter.children.length > shown.length) gutter.lastElementChild?.remove()
    shown.forEach((segment, at) => {
      const element = (gutter.children[at] ?? gutter.appendChild(gutter.ownerDocument.createElement("i"))) as HTMLElement
      element.className = segment.begins ? "rail" : "rail cont"
      element.dataset["by"] = segment.by
      element.style.insetBlockStart = `${segment.row * height}px`
      element.style.blockSize = `${segment.rows * height}px`
    })
  }

  private lines(): { by: By; line: number }[] {
    return this.stretches.filter(({ start }) => !start?.isDisposed).map(({ by, start }) => ({ by, line: start?.line ?? 0 }))
  }
}
