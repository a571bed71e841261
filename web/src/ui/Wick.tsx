import type { CSSProperties } from "react"
import { useText } from "../i18n"
import { clockText, type Remaining } from "./countdown"

/** The line that burns down while an approval waits. */
export function Wick({ left }: { left: Remaining }) {
  const text = useText()
  return (
    <div
      className="wick"
      role="timer"
      aria-label={text.approval.left(clockText(left.seconds))}
      style={{ "--left": `${(left.share * 100).toFixed(1)}%` } as CSSProperties}
    >
      <i />
    </div>
  )
}
