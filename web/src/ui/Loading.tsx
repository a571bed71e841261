import { useState } from "react"
import { useText } from "../i18n"
import { useNow } from "./countdown"

/** Says that it loads, and for how long: never a bare spinner. */
export function Loading({ say }: { say?: (seconds: number) => string }) {
  const text = useText()
  // A span between two looks at one clock: what is learned of the server's meanwhile must not be in it.
  const [since] = useState(Date.now)
  const seconds = Math.max(0, Math.round((useNow(true, Date.now) - since) / 1000))
  return (
    <p className="meta loading" role="status">
      {(say ?? text.common.loading)(seconds)}
    </p>
  )
}
