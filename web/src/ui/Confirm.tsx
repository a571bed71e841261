import { useEffect, useRef, useState } from "react"
import { useText } from "../i18n"
import { Act } from "./Act"

/** A button that asks once more in place, for what can't be taken back. The keyboard stays with it. */
export function Confirm({ label, question, busy = false, onYes }: { label: string; question: string; busy?: boolean; onYes: () => void }) {
  const text = useText()
  const [asking, setAsking] = useState<boolean>()
  const ask = useRef<HTMLButtonElement>(null)
  const group = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    if (asking === undefined) return
    if (asking) group.current?.focus()
    else ask.current?.focus()
  }, [asking])
  if (!asking)
    return (
      <button type="button" className="btn sm bare" ref={ask} onClick={() => setAsking(true)}>
        {label}
      </button>
    )
  return (
    <span className="confirm" role="group" aria-label={question} tabIndex={-1} ref={group}>
      <span className="meta">{question}</span>
      <Act className="btn sm firm" dead={busy} onClick={onYes}>
        {label}
      </Act>
      <button type="button" className="btn sm" onClick={() => setAsking(false)}>
        {text.common.cancel}
      </button>
    </span>
  )
}
