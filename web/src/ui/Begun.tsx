import type { Actor } from "../api/model"
import { useText } from "../i18n"
import { actorName, byOf } from "./actor"

/** On a card: that the run which asks was not begun by the owner, but by the schedule or a program outside. */
export function Begun({ by: actor }: { by: Actor }) {
  const text = useText()
  const by = byOf(actor)
  if (by === "you") return null
  return (
    <span className="mark" data-by={by}>
      {actorName(by, text)}
    </span>
  )
}
