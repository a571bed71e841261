import { useState } from "react"
import { useText } from "../i18n"

/** Copies a text; absent where the browser has no clipboard (no HTTPS). */
export function Copy({ value, small = true }: { value: string; small?: boolean }) {
  const text = useText()
  const [done, setDone] = useState(false)
  if (!("clipboard" in navigator)) return null
  const copy = async () => {
    await navigator.clipboard.writeText(value).then(
      () => setDone(true),
      () => setDone(false),
    )
    setTimeout(() => setDone(false), 2000)
  }
  return (
    <button type="button" className={small ? "btn sm bare" : "btn"} onClick={() => void copy()}>
      {done ? text.common.copied : text.common.copy}
    </button>
  )
}
