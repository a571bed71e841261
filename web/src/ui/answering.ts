// What the owner answers to an approval, from the button to the outcome.
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
  problem: ApiProblem | null
}

export function useAnswering(approval: Question, done?: () => void): Answering {
  const { mutate, reset, isPending, error, variables } = useDecision()
  const send = (answer: Decision) => mutate(answer, { onSuccess: answer.decision === "edit" ? undefined : done })
  return {
    onDecide: (decision, more) => send({ approval, decision, ...more }),
    onAgain: () => {
      if (variables) send(variables)
    },
    onForget: reset,
    busy: isPending,
    problem: error ? asProblem(error) : null,
  }
}
