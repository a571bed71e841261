import { useId, useState } from "react"
import { asProblem } from "../../api/client"
import type { Terminal } from "../../api/model"
import { useText } from "../../i18n"
import { ProblemNote } from "../../ui/Problem"
import { useSecret } from "./api"
import { byOf } from "./name"

/** A program asks for a password: what is typed here goes to it alone. */
export function PasswordCard({ terminal, onCancel, onSent }: { terminal: Terminal; onCancel: () => void; onSent: () => void }) {
  const text = useText()
  const id = useId()
  const [secret, setSecret] = useState("")
  const send = useSecret(terminal.id)
  const program = terminal.program ?? text.terminal.aProgram
  return (
    <form
      className="ask pw rail"
      data-by={byOf(terminal)}
      aria-labelledby={`${id}h`}
      onSubmit={(event) => {
        event.preventDefault()
        send.mutate(secret, {
          onSuccess: () => {
            send.reset()
            onSent()
          },
        })
        setSecret("")
      }}
    >
      <div className="wick full">
        <i />
      </div>
      <div className="in">
        <header>
          <span className="lamp lit" />
          <h2 id={`${id}h`}>
            <bdi className="m">{program}</bdi> {text.terminal.asks}
          </h2>
        </header>
        <p>{text.terminal.secretLead}</p>
        <label className="vh" htmlFor={id}>
          {text.terminal.secretFor(program)}
        </label>
        <input
          id={id}
          className="field"
          type="password"
          dir="ltr"
          autoComplete="off"
          placeholder={text.common.password}
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
        />
        <button type="submit" className="btn ink" disabled={send.isPending}>
          {text.terminal.sendTo(program)}
        </button>
        <button type="button" className="btn firm" onClick={onCancel}>
          {text.terminal.cancelIt}
        </button>
        <ProblemNote problem={send.error ? asProblem(send.error) : null} />
      </div>
    </form>
  )
}
