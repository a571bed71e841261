// What the owner answers to an approval, from the button to the outcome.
import { useEffect, useMemo, useState } from "react"
import { create } from "zustand"
import { type ApiProblem, asProblem } from "../api/client"
import type { Question } from "../api/model"
import { type Decision, useDecision } from "../api/query"

export interface Answering {
  onDecide: (decision: Decision["decision"], more?: Omit<Decision, "approval" | "decision">) => void
  /** Sends the same answer again, to what was shown when it was given. */
  onAgain: () => void
  /** Takes the refused answer back. */
  onForget: () => void
  busy: boolean
  /** It has just come, or come here: what is pressed now was meant for something else. */
  fresh: boolean
  problem: ApiProblem | null
}

/** How long a card takes no click after it appeared or moved. */
export const SETTLE_MS = 700

/** True until it has stood in one `place` for so long. */
export function useFresh(place: string, settle = SETTLE_MS): boolean {
  const [settled, setSettled] = useState<string>()
  useEffect(() => {
    const timer = setTimeout(() => setSettled(place), settle)
    return () => clearTimeout(timer)
  }, [place, settle])
  return settle > 0 && settled !== place
}

/** How far an answer from this page has come. */
type Own = "sent" | "counts"

interface Seen {
  /** Questions that this page showed while they waited. */
  shown: ReadonlySet<string>
  /** Those that were answered on this page. */
  own: ReadonlyMap<string, Own>
}

const useSeen = create<Seen>(() => ({ shown: new Set(), own: new Map() }))

function mine(id: string, far: Own | undefined): void {
  useSeen.setState(({ own }) => ({ own: new Map([...own].filter(([it]) => it !== id).concat(far ? [[id, far]] : [])) }))
}

/** Whether it was seen waiting here and the answer came from elsewhere. */
export const useElsewhere = (id: string): boolean => useSeen(({ shown, own }) => shown.has(id) && !own.has(id))

/** A question as a list shows it: once it was answered elsewhere, or by time, it is gone but for a word about that. */
export interface Standing {
  question: Question
  gone: boolean
  /** Changes when anything above it does, and it may have moved. */
  place: string
}

/** Those that wait, and in their old places those that went without an answer from here; what is new comes last, so that it moves nothing. */
export function stand(known: readonly Question[], waiting: readonly Question[], own: ReadonlyMap<string, Own>): Standing[] {
  let place = ""
  return known.flatMap((question) => {
    const now = waiting.find((it) => it.id === question.id)
    const far = own.get(question.id)
    if (!now && far === "counts") return []
    const standing = { question: now ?? question, gone: !now && far === undefined, place }
    place += `${question.id} ${standing.gone}`
    return [standing]
  })
}

export function useStanding(waiting: readonly Question[] | undefined): Standing[] {
  const own = useSeen((store) => store.own)
  const [known, setKnown] = useState<readonly Question[]>([])
  const [before, setBefore] = useState(waiting)
  if (waiting && (waiting !== before || (known.length === 0 && waiting.length > 0))) {
    setBefore(waiting)
    setKnown([...known, ...waiting.filter((it) => !known.some(({ id }) => id === it.id))])
  }
  return useMemo(() => stand(known, waiting ?? [], own), [known, waiting, own])
}

interface Options {
  /** Called when the answer counts. */
  done?: ((decision: Decision["decision"]) => void) | undefined
  /** Where the card stands: another place, and it has moved. */
  place?: string
  settle?: number | undefined
}

export function useAnswering(approval: Question, { done, place = "", settle }: Options = {}): Answering {
  const { mutate, reset, isPending, error, variables } = useDecision(mine)
  const fresh = useFresh(`${approval.id} ${approval.nonce} ${place}`, settle)
  const waits = approval.state === "waiting"
  useEffect(() => {
    if (waits) useSeen.setState(({ shown }) => (shown.has(approval.id) ? {} : { shown: new Set([...shown, approval.id]) }))
  }, [waits, approval.id])
  const send = (answer: Decision) => mutate(answer, { onSuccess: () => answer.decision !== "edit" && done?.(answer.decision) })
  return {
    onDecide: (decision, more) => send({ approval, decision, ...more }),
    onAgain: () => {
      if (variables) send(variables)
    },
    onForget: reset,
    busy: isPending,
    fresh,
    problem: error ? asProblem(error) : null,
  }
}
