import { useState } from "react"
import { asProblem } from "../../api/client"
import { useChangeSettings } from "../../api/settings"
import { useText } from "../../i18n"
import { Field } from "../../ui/Field"
import { ProblemNote } from "../../ui/Problem"
import { Save, Stored } from "./Stored"

const MOST = 10_000

/** What work that begins by itself may cost. */
export function Unattended() {
  const say = useText().task.budget
  return (
    <Stored id="unattended" title={say.title} lead={say.lead}>
      {(settings) => <Sum stored={String(settings.unattended_usd_per_day)} />}
    </Stored>
  )
}

function Sum({ stored }: { stored: string }) {
  const say = useText().task.budget
  const [draft, setDraft] = useState<string>()
  const change = useChangeSettings()
  const dirty = draft !== undefined && draft !== stored
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        change.mutate({ unattended_usd_per_day: Number(draft) }, { onSuccess: () => setDraft(undefined) })
      }}
    >
      <Field label={say.usd} hint={say.also} machine type="number" inputMode="decimal" required min={0} max={MOST} step="any" value={draft ?? stored} onValue={setDraft} />
      <ProblemNote problem={change.error ? asProblem(change.error) : null} />
      <Save dirty={dirty} change={change} />
    </form>
  )
}
