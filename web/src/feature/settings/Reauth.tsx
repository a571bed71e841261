import { useState } from "react"
import { asProblem } from "../../api/client"
import { useText } from "../../i18n"
import { Field } from "../../ui/Field"
import { ProblemNote } from "../../ui/Problem"
import { useReauth } from "./api"

/** Asks for the password again, then does what was wanted. */
export function Reauth({ onDone }: { onDone: () => void }) {
  const text = useText()
  const [password, setPassword] = useState("")
  const reauth = useReauth(onDone)
  return (
    <form
      className="inset stack"
      aria-label={text.settings.reauth}
      onSubmit={(event) => {
        event.preventDefault()
        reauth.mutate(password)
      }}
    >
      <Field label={text.settings.reauth} hint={text.settings.reauthLead} type="password" autoComplete="current-password" required value={password} onValue={setPassword} />
      <ProblemNote problem={reauth.error ? asProblem(reauth.error) : null} />
      <div className="acts">
        <button type="submit" className="btn ink" disabled={reauth.isPending}>
          {text.settings.confirm}
        </button>
      </div>
    </form>
  )
}
