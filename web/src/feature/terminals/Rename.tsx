import { useState } from "react"
import { asProblem } from "../../api/client"
import type { Terminal } from "../../api/model"
import { useText } from "../../i18n"
import { ProblemNote } from "../../ui/Problem"
import { useRenameTerminal } from "./api"

/** A name for the tab; none gives it the program's again. */
export function Rename({ terminal }: { terminal: Terminal }) {
  const text = useText()
  const [name, setName] = useState<string>()
  const rename = useRenameTerminal(terminal.id)
  if (name === undefined)
    return (
      <button type="button" className="btn sm" onClick={() => setName(terminal.name)}>
        {text.chat.rename}
      </button>
    )
  return (
    <form
      className="rename"
      onSubmit={(event) => {
        event.preventDefault()
        rename.mutate(name.trim(), { onSuccess: () => setName(undefined) })
      }}
    >
      {/* eslint-disable-next-line jsx-a11y/no-autofocus -- the owner has just asked for this field */}
      <input className="field" dir="auto" autoFocus maxLength={80} aria-label={text.terminal.newName} value={name} onChange={(event) => setName(event.target.value)} />
      <button type="submit" className="btn sm ink" disabled={rename.isPending}>
        {text.common.save}
      </button>
      <button type="button" className="btn sm" onClick={() => setName(undefined)}>
        {text.common.cancel}
      </button>
      <ProblemNote problem={rename.error ? asProblem(rename.error) : null} />
    </form>
  )
}
