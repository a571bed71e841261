import { type RefObject, useEffect, useRef, useState } from "react"

const NEAR = 80

/** Keeps a scrolled box at its end while it grows, unless the reader has scrolled away from the end. */
export function useStick<T extends HTMLElement>(): { box: RefObject<T | null>; away: boolean; onScroll: () => void; toEnd: () => void } {
  const box = useRef<T>(null)
  const held = useRef(true)
  const [away, setAway] = useState(false)
  const toEnd = () => {
    held.current = true
    setAway(false)
    box.current?.scrollTo({ top: box.current.scrollHeight })
  }
  useEffect(() => {
    const it = box.current
    if (!it) return undefined
    let size = ""
    const follow = () => {
      // A countdown changes letters every second: only what has grown may move what somebody reads, or is about to press.
      const now = `${it.scrollHeight} ${it.clientHeight}`
      if (held.current && now !== size) it.scrollTop = it.scrollHeight
      size = now
    }
    follow()
    const grown = new MutationObserver(follow)
    grown.observe(it, { childList: true, subtree: true, characterData: true })
    const sized = new ResizeObserver(follow)
    sized.observe(it)
    return () => {
      grown.disconnect()
      sized.disconnect()
    }
  }, [])
  const onScroll = () => {
    const it = box.current
    if (!it) return
    const isAway = it.scrollHeight - it.scrollTop - it.clientHeight > NEAR
    held.current = !isAway
    setAway(isAway)
  }
  return { box, away, onScroll, toEnd }
}
