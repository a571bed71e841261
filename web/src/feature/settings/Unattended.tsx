import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { asProblem } from "../../api/client"
import { settingsQuery, useChangeSettings } from "../../api/settings"
import { useText } from "../../i18n"
import { Field } from "../../ui/Field"
import { ProblemNote } from "../../ui/Problem"

const MOST = 10_000

/** What work that begins by itself may cost. */
export function Unattended() {
  const text = useText()
  const say = text.task.budget
  const amount = useQuery(settingsQuery).data?.settings.unattended_usd_per_day
  const stored = amount === undefined ? "" : String(amount)
  const [draft, setDraft] = useState<string>()
  const change = useChangeSettings()
  const dirty = draft !== undefined && draft !== stored
  return (
    <section aria-labelledby="unattended">
      <h2 id="unattended">{say.title}</h2>
      <p className="meta under">{say.lead}</p>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate({ unattended_usd_per_day: Number(draft) }, { onSuccess: () => setDraft(undefined) })
        }}
      >
        <Field label={say.usd} hint={say.also} machine type="number" inputMode="decimal" required min={0} max={MOST} step="any" value={draft ?? stored} onValue={setDraft} />
        <ProblemNote problem={change.error ? asProblem(change.error) : null} />
        <div className="acts">
          <button type="submit" className="btn" disabled={!dirty || change.isPending}>
            {text.common.save}
          </button>
          {change.isSuccess && !dirty ? (
            <span className="meta" role="status">
              {text.common.saved}
            </span>
          ) : null}
        </div>
      </form>
    </section>
  )
}
