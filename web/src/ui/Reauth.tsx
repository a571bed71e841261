import { useState } from "react"
import { asProblem } from "../api/client"
import { useReauth } from "../api/query"
import { useText } from "../i18n"
import { Act } from "./Act"
import { Field } from "./Field"
import { ProblemNote } from "./Problem"

/** Asks for the password again, says why, then does what was wanted. */
export function Reauth({ lead, onDone, onBack }: { lead: string; onDone: () => void; onBack?: () => void }) {
  const text = useText()
  const [password, setPassword] = useState("")
  const reauth = useReauth(onDone)
  return (
    <form
      className="inset stack"
      aria-label={text.common.reauth}
      onSubmit={(event) => {
        event.preventDefault()
        if (!reauth.isPending) reauth.mutate(password)
      }}
    >
      {/* eslint-disable-next-line jsx-a11y/no-autofocus -- it stands where the owner has just pressed a button */}
      <Field label={text.common.reauth} hint={lead} type="password" autoComplete="current-password" autoFocus required value={password} onValue={setPassword} />
      <ProblemNote problem={reauth.error ? asProblem(reauth.error) : null} />
      <div className="acts">
        <Act type="submit" className="btn ink" dead={reauth.isPending}>
          {text.common.confirm}
        </Act>
        {onBack ? (
          <button type="button" className="btn" onClick={onBack}>
            {text.approval.back}
          </button>
        ) : null}
      </div>
    </form>
  )
}
