import { type RefObject, useEffect, useLayoutEffect, useRef } from "react"

/** Where an entry stands in the box, however far that is scrolled and wherever it stands itself. */
const place = (box: HTMLElement, entry: HTMLElement) => entry.offsetTop - box.offsetTop

/** The first entry of which something is in sight. They stand one below the other. */
function firstSeen(box: HTMLElement): HTMLElement | undefined {
  const all = [...box.children].filter((it): it is HTMLElement => it instanceof HTMLElement && it.matches(".e"))
  let [low, high] = [0, all.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const entry = all[middle]
    if (entry && place(box, entry) + entry.offsetHeight <= box.scrollTop) low = middle + 1
    else high = middle
  }
  return all[low]
}

/**
 * Keeps in its place what is being read, whatever comes above it, or grows there once it is known. Not every browser does it by itself.
 * What it returns is to be called when the reader scrolls.
 */
export function useAnchor(box: RefObject<HTMLElement | null>): () => void {
  const anchor = useRef<{ entry: HTMLElement; at: number } | null>(null)
  const remember = () => {
    const it = box.current
    const entry = it ? firstSeen(it) : undefined
    anchor.current = it && entry ? { entry, at: place(it, entry) } : null
  }
  const keep = () => {
    const it = box.current
    const known = anchor.current
    const moved = it && known?.entry.isConnected ? place(it, known.entry) - known.at : 0
    if (moved !== 0) it?.scrollBy({ top: moved, behavior: "instant" })
    remember()
  }
  const latest = useRef(keep)
  const sizes = useRef<ResizeObserver>(null)
  const watched = useRef(new WeakSet<Element>())
  useEffect(
    () => () => {
      sizes.current?.disconnect()
      sizes.current = null
      watched.current = new WeakSet()
    },
    [],
  )
  useLayoutEffect(() => {
    latest.current = keep
    keep()
    // What an entry shows may come later than the entry, and its letters later still.
    sizes.current ??= new ResizeObserver(() => latest.current())
    for (const entry of box.current?.children ?? []) {
      if (!watched.current.has(entry)) sizes.current.observe(entry)
      watched.current.add(entry)
    }
  })
  return keep
}
