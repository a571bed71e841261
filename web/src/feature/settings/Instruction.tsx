import { useId, useState } from "react"
import { asProblem } from "../../api/client"
import { useChangeSettings } from "../../api/settings"
import { useText } from "../../i18n"
import { ProblemNote } from "../../ui/Problem"
import { Save, Stored } from "./Stored"

export function Instruction() {
  const text = useText()
  return (
    <Stored id="instruction" title={text.settings.instruction}>
      {(settings) => <Words stored={settings.instruction} />}
    </Stored>
  )
}

function Words({ stored }: { stored: string }) {
  const text = useText()
  const id = useId()
  const [draft, setDraft] = useState<string>()
  const change = useChangeSettings()
  const dirty = draft !== undefined && draft !== stored
  return (
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
      <Save dirty={dirty} change={change} />
    </form>
  )
}
