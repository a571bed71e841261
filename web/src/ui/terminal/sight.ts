// A terminal that is larger than its place, because somebody else's page decides its size: the line with the cursor stays in
// sight, until whoever looks scrolls to another one.
import type { Terminal } from "@xterm/xterm"

/** Where a box has to be scrolled to so that what lies from `top` to `bottom` in it is seen; where it is, if it is already. */
export function scrollFor(box: { at: number; size: number }, top: number, bottom: number): number {
  if (bottom > box.at + box.size) return bottom - box.size
  return Math.min(box.at, top)
}

/** Follows the cursor of `terminal` inside `box`, which scrolls. */
export function keepInSight(terminal: Terminal, box: HTMLElement): void {
  let followed = 0
  const look = () => {
    const screen = terminal.element?.querySelector<HTMLElement>(".xterm-screen")
    if (!screen || box.scrollHeight <= box.clientHeight) return
    // Scrolled by hand: then it is left where it is until it shows the end again.
    const isLeft = Math.abs(box.scrollTop - followed) > 1 && box.scrollTop + box.clientHeight < box.scrollHeight - 1
    if (isLeft) return
    const row = screen.offsetHeight / terminal.rows
    const top = screen.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop + terminal.buffer.active.cursorY * row
    box.scrollTop = scrollFor({ at: box.scrollTop, size: box.clientHeight }, top, top + row)
    // As far as it could.
    followed = box.scrollTop
  }
  terminal.onCursorMove(look)
  terminal.onResize(look)
}
