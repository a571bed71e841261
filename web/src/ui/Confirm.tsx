import { useState } from "react"
import { useText } from "../i18n"

/** A button that asks once more in place, for what can't be taken back. */
export function Confirm({ label, question, busy = false, onYes }: { label: string; question: string; busy?: boolean; onYes: () => void }) {
  const text = useText()
  const [asking, setAsking] = useState(false)
  if (!asking)
    return (
      <button type="button" className="btn sm bare" onClick={() => setAsking(true)}>
        {label}
      </button>
    )
  return (
    <span className="confirm" role="group" aria-label={question}>
      <span className="meta">{question}</span>
      <button type="button" className="btn sm firm" disabled={busy} onClick={onYes}>
        {label}
      </button>
      <button type="button" className="btn sm" onClick={() => setAsking(false)}>
        {text.common.cancel}
      </button>
    </span>
  )
}
