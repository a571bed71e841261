import { useMutation } from "@tanstack/react-query"
import { useState } from "react"
import { useNavigate, useSearchParams } from "react-router"
import { api, asProblem, body } from "../../api/client"
import { cache } from "../../api/connection"
import { keys } from "../../api/keys"
import { rememberSession } from "../../api/signed-in"
import { useText } from "../../i18n"
import { innerPath } from "../../nav/paths"
import { Field } from "../../ui/Field"
import { Lone } from "../../ui/Lone"
import { ProblemNote } from "../../ui/Problem"

export default function LoginPage() {
  const text = useText()
  const navigate = useNavigate()
  const [query] = useSearchParams()
  const [password, setPassword] = useState("")
  const login = useMutation({
    mutationFn: () => body(api.POST("/api/v1/login", { body: { password } })),
    onSuccess: async () => {
      rememberSession()
      await cache.resetQueries({ queryKey: keys.session })
      await navigate(innerPath(query.get("to")), { replace: true })
    },
  })
  return (
    <Lone title={text.login.title} lead={text.login.lead}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          login.mutate()
        }}
      >
        <Field label={text.common.password} type="password" name="password" autoComplete="current-password" required value={password} onValue={setPassword} />
        <ProblemNote problem={login.error ? asProblem(login.error) : null} />
        <button type="submit" className="btn ink" disabled={login.isPending}>
          {text.login.submit}
        </button>
      </form>
    </Lone>
  )
}
