import { useState } from "react"
import { useText } from "../../i18n"
import { excerpt } from "../../ui/excerpt"

/** What is to be done: its first lines, and the rest at a press. */
export function TaskText({ text: words }: { text: string }) {
  const text = useText()
  const [open, setOpen] = useState(false)
  const { shown, cut } = excerpt(words)
  return (
    <>
      <p className="said" dir="auto">
        {open ? words : shown}
      </p>
      {cut ? (
        <button type="button" className="link" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? text.task.less : text.task.all}
        </button>
      ) : null}
    </>
  )
}
