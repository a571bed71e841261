// Tells a screen reader, wherever it is, that a question waits and what became of one.
import { useQuery } from "@tanstack/react-query"
import { useEffect, useRef } from "react"
import { cache } from "../api/connection"
import type { Question } from "../api/model"
import { approvalQuery, waitingQuery } from "../api/query"
import { useText } from "../i18n"
import { say } from "../ui/Said"

const without = (some: readonly Question[], others: readonly Question[]) => some.filter((it) => !others.some(({ id }) => id === it.id))

export function useNews(): void {
  const { told } = useText().approval
  const { data: waiting } = useQuery(waitingQuery)
  const before = useRef<Question[]>(undefined)
  useEffect(() => {
    if (!waiting) return
    const known = before.current ?? waiting
    before.current = waiting
    const fresh = without(waiting, known).length
    if (fresh > 0) say(told.fresh(fresh))
    for (const { id } of without(known, waiting))
      cache.query({ ...approvalQuery(id), staleTime: 0 }).then(
        ({ state }) => state !== "waiting" && say(told[state]),
        () => undefined, // No answer: there is nothing to tell.
      )
  }, [waiting, told])
}
