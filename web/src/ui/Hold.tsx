// A button that has to be held: nobody allows a high risk by a slip of the finger.
import { useEffect, useRef, useState } from "react"
import { useText } from "../i18n"

export const HOLD_MS = 800

interface Props {
  label: string
  /** Its name for the box that keeps the keyboard. */
  part?: string
  /** It takes nothing for a moment, and keeps the keyboard. */
  dead: boolean
  onHeld: () => void
}

/** Held by pointer or key. Where only a click comes, as from a screen reader, it wants two. */
export function Hold({ label, part, dead, onHeld }: Props) {
  const text = useText()
  const [holding, setHolding] = useState(false)
  const [armed, setArmed] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const touched = useRef(false)
  useEffect(() => () => clearTimeout(timer.current), [])
  const begin = () => {
    touched.current = true
    if (holding || dead) return
    setHolding(true)
    timer.current = setTimeout(() => {
      setHolding(false)
      onHeld()
    }, HOLD_MS)
  }
  const end = () => {
    clearTimeout(timer.current)
    setHolding(false)
  }
  // No click follows: the next one stands alone.
  const release = () => {
    end()
    touched.current = false
  }
  const isKey = (key: string) => key === "Enter" || key === " "
  return (
    <>
      <button
        type="button"
        className={holding ? "btn ink hold now" : "btn ink hold"}
        data-part={part}
        aria-disabled={dead || undefined}
        onPointerDown={begin}
        onPointerUp={end}
        onPointerLeave={release}
        onPointerCancel={release}
        onBlur={() => {
          release()
          setArmed(false)
        }}
        onKeyDown={(event) => {
          if (isKey(event.key) && !event.repeat) begin()
          if (isKey(event.key)) event.preventDefault()
        }}
        onKeyUp={(event) => isKey(event.key) && end()}
        onContextMenu={(event) => event.preventDefault()}
        onClick={() => {
          if (dead) return
          if (touched.current) touched.current = false
          else if (armed) onHeld()
          else setArmed(true)
        }}
      >
        {armed ? text.approval.pressAgain : label}
      </button>
      {/* A button that only changes its name is not read again. */}
      <span className="vh" role="status">
        {armed ? text.approval.pressAgain : ""}
      </span>
    </>
  )
}
