// Two fingers on a terminal change the size of its letters, not of the page.

/** The size that two fingers ask for: as much larger as they are further apart. */
export const pinched = (size: number, before: number, now: number): number => (before > 0 ? Math.round((size * now) / before) : size)

const apart = ([one, other]: Iterable<Touch>): number => (one && other ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 0)

/** Listens until the returned function is called. */
export function onPinch(element: HTMLElement, size: () => number, change: (size: number) => void): () => void {
  let start: { size: number; apart: number } | undefined
  const begin = (event: TouchEvent) => {
    start = event.touches.length === 2 ? { size: size(), apart: apart(event.touches) } : undefined
  }
  const move = (event: TouchEvent) => {
    if (!start || event.touches.length !== 2) return
    // Else the page grows, and the terminal below scrolls.
    event.preventDefault()
    event.stopPropagation()
    const wanted = pinched(start.size, start.apart, apart(event.touches))
    if (wanted !== size()) change(wanted)
  }
  const end = () => (start = undefined)
  const early = { capture: true, passive: false }
  element.addEventListener("touchstart", begin, early)
  element.addEventListener("touchmove", move, early)
  element.addEventListener("touchend", end, early)
  element.addEventListener("touchcancel", end, early)
  return () => {
    element.removeEventListener("touchstart", begin, early)
    element.removeEventListener("touchmove", move, early)
    element.removeEventListener("touchend", end, early)
    element.removeEventListener("touchcancel", end, early)
  }
}
