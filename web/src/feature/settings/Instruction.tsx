import { useQuery } from "@tanstack/react-query"
import { useId, useState } from "react"
import { asProblem } from "../../api/client"
import { settingsQuery, useChangeSettings } from "../../api/settings"
import { useText } from "../../i18n"
import { ProblemNote } from "../../ui/Problem"

export function Instruction() {
  const text = useText()
  const id = useId()
  const stored = useQuery(settingsQuery).data?.settings.instruction ?? ""
  const [draft, setDraft] = useState<string>()
  const change = useChangeSettings()
  const dirty = draft !== undefined && draft !== stored
  return (
    <section aria-labelledby="instruction">
      <h2 id="instruction">{text.settings.instruction}</h2>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate({ instruction: draft ?? "" }, { onSuccess: () => setDraft(undefined) })
        }}
      >
        <label className="meta under" htmlFor={id}>
          {text.settings.instructionLead}
        </label>
        <textarea id={id} className="field area" dir="auto" rows={5} maxLength={16_000} value={draft ?? stored} onChange={(event) => setDraft(event.target.value)} />
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
