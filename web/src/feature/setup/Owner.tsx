import { useMutation, useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { api, asProblem, body } from "../../api/client"
import { cache } from "../../api/connection"
import { keys } from "../../api/keys"
import { setupQuery } from "../../api/query"
import { rememberSession } from "../../api/signed-in"
import { useLocale, useText } from "../../i18n"
import { Field } from "../../ui/Field"
import { ProblemNote } from "../../ui/Problem"

const SHORTEST = 10

/** The claim: the printed code and a password of one's own. */
export function Owner({ code: prefilled, onDone }: { code: string; onDone: () => void }) {
  const text = useText()
  const language = useLocale((store) => store.language)
  const { data: setup } = useQuery(setupQuery)
  const [code, setCode] = useState(prefilled)
  const [password, setPassword] = useState("")
  const claim = useMutation({
    mutationFn: () => body(api.POST("/api/v1/setup/claim", { body: { code: code.trim(), password, language, timezone: Intl.DateTimeFormat().resolvedOptions().timeZone } })),
    onSuccess: async () => {
      cache.setQueryData(keys.setup, { state: "claimed" as const })
      rememberSession()
      await cache.resetQueries({ queryKey: keys.session })
      onDone()
    },
  })
  const missing = Math.max(0, SHORTEST - password.length)
  if (setup?.needs_tls) return <p className="note bad">{text.setup.needsTls}</p>
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        claim.mutate()
      }}
    >
      {setup?.code_expired ? <p className="note bad">{text.setup.codeExpired}</p> : null}
      <Field
        label={text.setup.code}
        hint={prefilled !== "" && code === prefilled ? text.setup.codeHint : undefined}
        name="code"
        machine
        required
        autoComplete="off"
        value={code}
        onValue={setCode}
      />
      <Field
        label={text.setup.ownerPassword}
        hint={password !== "" && missing > 0 ? text.setup.passwordShort(missing) : text.setup.passwordHint}
        type="password"
        name="password"
        autoComplete="new-password"
        required
        minLength={SHORTEST}
        value={password}
        onValue={setPassword}
      />
      <ProblemNote problem={claim.error ? asProblem(claim.error) : null} />
      <div className="acts">
        <button type="submit" className="btn ink" disabled={claim.isPending}>
          {text.setup.claim}
        </button>
      </div>
    </form>
  )
}
