import { queryOptions, useMutation, useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { api, asProblem, body } from "../../api/client"
import { keys } from "../../api/keys"
import { isActive } from "../../api/model"
import { approvalQuery, waitingQuery } from "../../api/query"
import { useText } from "../../i18n"
import { Ask } from "../../ui/Ask"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"

const runQuery = (id: string) =>
  queryOptions({
    queryKey: keys.run(id),
    enabled: id !== "",
    queryFn: () => body(api.GET("/api/v1/runs/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data && !isActive(query.state.data.state) ? false : 1500),
  })

/** One harmless request, so that the card is known before it matters. */
export function Practice({ onDone }: { onDone: () => void }) {
  const text = useText()
  const [asked, setAsked] = useState("")
  const start = useMutation({ mutationFn: () => body(api.POST("/api/v1/setup/practice")) })
  const runId = start.data?.run.id ?? ""
  const run = useQuery(runQuery(runId)).data
  const waiting = useQuery({ ...waitingQuery, enabled: runId !== "", refetchInterval: asked === "" ? 1500 : false }).data
  const found = waiting?.find((it) => it.run_id === runId)
  if (found && found.id !== asked) setAsked(found.id)
  const approval = useQuery({ ...approvalQuery(asked), enabled: asked !== "" }).data
  const output = run?.execs.find((exec) => exec.approval_id === asked)?.output_text
  const decided = approval !== undefined && approval.state !== "waiting"
  return (
    <div className="stack" tabIndex={-1} data-cards>
      {start.data === undefined ? (
        <div className="acts">
          <button type="button" className="btn ink" disabled={start.isPending} onClick={() => start.mutate()}>
            {text.setup.practiceStart}
          </button>
          <button type="button" className="btn bare" onClick={onDone}>
            {text.setup.skip}
          </button>
        </div>
      ) : null}
      <ProblemNote problem={start.error ? asProblem(start.error) : null} />
      {start.data && !approval && !run?.error ? <Loading say={() => text.setup.practiceWaiting} /> : null}
      {run?.error ? (
        <div className="note bad" role="alert">
          <p>
            <b>{run.error.detail}</b> {run.error.next_step}
          </p>
        </div>
      ) : null}
      {approval && !decided ? <Ask approval={approval} /> : null}
      {decided ? (
        <div className="note good" role="status">
          <p>{approval.state === "allowed" ? text.setup.practiceAllowed : approval.state === "denied" ? text.setup.practiceDenied : text.setup.practiceOver}</p>
          {output ? (
            <pre className="plain" dir="ltr">
              {output}
            </pre>
          ) : null}
        </div>
      ) : null}
      {decided || run?.error ? (
        <div className="acts">
          <button type="button" className="btn ink" onClick={onDone}>
            {text.setup.finish}
          </button>
        </div>
      ) : null}
    </div>
  )
}
