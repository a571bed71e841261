import { useQuery } from "@tanstack/react-query"
import { useEffect, useRef, useState } from "react"
import { asProblem } from "../api/client"
import { haltQuery, useHalt } from "../api/task"
import { useFormat, useText } from "../i18n"
import { useNow } from "../ui/countdown"
import { ProblemNote } from "../ui/Problem"

/** On every page while everything is stopped. Its place stays when it goes, so that a screen reader tells both. */
export function HaltBanner() {
  const text = useText()
  const format = useFormat()
  const halt = useQuery(haltQuery).data
  const since = halt && (halt.halted_at ?? null)
  const now = useNow(Boolean(since))
  const set = useHalt()
  const place = useRef<HTMLDivElement>(null)
  const before = useRef(since)
  const [known, setKnown] = useState(since)
  const [lifted, setLifted] = useState(false)
  if (since !== known) {
    setKnown(since)
    setLifted(Boolean(known) && since === null)
  }
  useEffect(() => {
    const changed = before.current !== undefined && before.current !== since
    before.current = since
    // The button that was pressed is gone: the keyboard comes here instead of getting lost.
    if (changed && document.activeElement === document.body) place.current?.focus()
  }, [since])
  return (
    <>
      <div className="halt" role="status" tabIndex={-1} ref={place}>
        {since ? (
          <div className="banner offline">
            <span>{text.task.halt.on(format.dayKey(since) === format.dayKey(now) ? format.time(since) : format.short(since))}</span>
            <button type="button" className="btn sm end" disabled={set.isPending} onClick={() => set.mutate(false)}>
              {text.task.halt.lift}
            </button>
          </div>
        ) : lifted ? (
          <p className="vh">{text.task.halt.lifted}</p>
        ) : null}
      </div>
      <ProblemNote problem={set.error ? asProblem(set.error) : null} />
    </>
  )
}
