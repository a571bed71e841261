import { useQuery } from "@tanstack/react-query"
import { asProblem } from "../../api/client"
import { haltQuery, useHalt } from "../../api/task"
import { useText } from "../../i18n"
import { Confirm } from "../../ui/Confirm"
import { ProblemNote } from "../../ui/Problem"

/** Ends all that the AI does, and lets nothing begin by itself; there also while nobody knows how it stands. While it is stopped, the
 * banner says it and lifts it. */
export function StopAll() {
  const { halt: say } = useText().task
  const halt = useQuery(haltQuery).data
  const set = useHalt()
  const left = set.data?.unended ?? 0
  return (
    <>
      {halt?.halted_at ? null : <Confirm label={say.stop} question={say.ask} busy={set.isPending} onYes={() => set.mutate(true)} />}
      {halt?.halted_at && left > 0 ? (
        <div className="note bad" role="alert">
          <p>{say.left(left)}</p>
          <button type="button" className="btn sm" disabled={set.isPending} onClick={() => set.mutate(true)}>
            {say.again}
          </button>
        </div>
      ) : null}
      <ProblemNote problem={set.error ? asProblem(set.error) : null} />
    </>
  )
}
