import { useQuery } from "@tanstack/react-query"
import { asProblem } from "../../api/client"
import { haltQuery, useHalt } from "../../api/task"
import { useText } from "../../i18n"
import { Confirm } from "../../ui/Confirm"
import { ProblemNote } from "../../ui/Problem"

/** Ends all that the AI does, and lets nothing begin by itself. While it is so, the banner says it and lifts it. */
export function StopAll() {
  const { halt: say } = useText().task
  const halt = useQuery(haltQuery).data
  const set = useHalt()
  if (!halt || halt.halted_at) return null
  return (
    <>
      <Confirm label={say.stop} question={say.ask} busy={set.isPending} onYes={() => set.mutate(true)} />
      <ProblemNote problem={set.error ? asProblem(set.error) : null} />
    </>
  )
}
