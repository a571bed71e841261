import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { asProblem } from "../../api/client"
import type { Mode, Token } from "../../api/model"
import { wantsReauth } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { Confirm } from "../../ui/Confirm"
import { Copy } from "../../ui/Copy"
import { Field } from "../../ui/Field"
import { Icon } from "../../ui/Icon"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { Reauth } from "../../ui/Reauth"
import { Select } from "../../ui/Select"
import { tokensQuery, useCreateToken, useRevokeToken, useTokenMode } from "./api"

const SCOPES: Token["scopes"] = ["read", "chat", "run"]
const DAYS = [7, 30, 90, 365]

export function Tokens() {
  const text = useText()
  const tokens = useQuery(tokensQuery)
  const [creating, setCreating] = useState(false)
  const [fresh, setFresh] = useState<string>()
  return (
    <section aria-labelledby="tokens">
      <h2 id="tokens">
        {text.settings.tokens}
        <button
          type="button"
          className="btn sm end"
          aria-expanded={creating}
          onClick={() => {
            setCreating(!creating)
            setFresh(undefined)
          }}
        >
          <Icon name={creating ? "x" : "plus"} size={16} />
          {creating ? text.common.cancel : text.settings.createToken}
        </button>
      </h2>
      <p className="meta under">{text.settings.tokensLead}</p>
      {creating ? (
        <NewToken
          onMade={(token) => {
            setFresh(token)
            setCreating(false)
          }}
        />
      ) : null}
      {fresh ? (
        <div className="note good" role="status">
          <p>
            <b>{text.settings.shownOnce}</b>
          </p>
          <p className="secret">
            <code>{fresh}</code>
            <Copy value={fresh} />
          </p>
        </div>
      ) : null}
      <ProblemNote problem={tokens.error && !tokens.data ? asProblem(tokens.error) : null} />
      {tokens.isPending ? <Loading /> : null}
      {tokens.data?.length === 0 ? <p className="meta empty">{text.settings.noTokens}</p> : null}
      <ul>
        {tokens.data?.map((token) => (
          <li key={token.id} className="item">
            <Row token={token} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function NewToken({ onMade }: { onMade: (token: string) => void }) {
  const text = useText()
  const [name, setName] = useState("")
  const [scopes, setScopes] = useState<Token["scopes"]>(["read"])
  const [days, setDays] = useState("90")
  const create = useCreateToken()
  const problem = create.error ? asProblem(create.error) : null
  const make = () => create.mutate({ name: name.trim(), scopes, expires_in_days: Number(days) }, { onSuccess: (made) => onMade(made.token) })
  if (problem && wantsReauth(problem)) return <Reauth lead={text.settings.reauthLead} onDone={make} />
  return (
    <form
      className="inset stack"
      onSubmit={(event) => {
        event.preventDefault()
        make()
      }}
    >
      <Field label={text.settings.tokenName} required maxLength={80} value={name} onValue={setName} />
      <fieldset className="checks">
        <legend>{text.settings.scopes}</legend>
        {SCOPES.map((scope) => (
          <label key={scope} htmlFor={`scope-${scope}`}>
            <input id={`scope-${scope}`} type="checkbox" checked={scopes.includes(scope)} onChange={(event) => setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((it) => it !== scope))} />
            <span>
              <b>{text.settings.scope[scope]}</b> <span className="meta">{text.settings.scopeHint[scope]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <Select label={text.settings.expires} value={days} onValue={setDays} options={DAYS.map((n) => ({ value: String(n), label: text.settings.days(n) }))} />
      <ProblemNote problem={problem} />
      <div className="acts">
        <button type="submit" className="btn ink" disabled={create.isPending || scopes.length === 0}>
          {text.settings.createToken}
        </button>
      </div>
    </form>
  )
}

function Row({ token }: { token: Token }) {
  const text = useText()
  const format = useFormat()
  const revoke = useRevokeToken()
  const problem = revoke.error ? asProblem(revoke.error) : null
  return (
    <>
      <div className="item-head">
        <b className="mark" data-by="out">
          <bdi>{token.name}</bdi>
        </b>
        <span className="item-acts end">
          {token.revoked_at ? (
            <span className="meta">{text.settings.revoked}</span>
          ) : (
            <Confirm label={text.settings.revoke} question={text.settings.revokeAsk(token.name)} busy={revoke.isPending} onYes={() => revoke.mutate(token.id)} />
          )}
        </span>
      </div>
      <p className="meta">
        {token.scopes.map((scope) => text.settings.scope[scope] ?? scope).join(", ")} ·{" "}
        {token.last_used_at ? text.settings.lastUsed(format.short(token.last_used_at)) : text.settings.neverUsed}
        {token.expires_at ? ` · ${text.settings.until(format.short(token.expires_at))}` : ""}
      </p>
      {problem && wantsReauth(problem) ? <Reauth lead={text.settings.reauthLead} onDone={() => revoke.mutate(token.id)} /> : <ProblemNote problem={problem} />}
      {token.scopes.includes("chat") && !token.revoked_at ? <RunMode token={token} /> : null}
    </>
  )
}

const MODES: readonly Mode[] = ["plan", "ask", "auto"]
const isMode = (text: string): text is Mode => MODES.some((mode) => mode === text)

/** How much of what a token's runs want is asked. */
function RunMode({ token }: { token: Token }) {
  const text = useText()
  const set = useTokenMode(token.id)
  const problem = set.error ? asProblem(set.error) : null
  if (problem && wantsReauth(problem)) return <Reauth lead={text.settings.reauthLead} onDone={() => set.variables && set.mutate(set.variables)} onBack={set.reset} />
  return (
    <>
      <Select label={text.rule.mode.token} hint={text.rule.mode.says[token.mode]} value={token.mode} onValue={(next) => (isMode(next) ? set.mutate(next) : undefined)} options={MODES.map((mode) => ({ value: mode, label: text.rule.mode.name[mode] }))} />
      <ProblemNote problem={problem} />
    </>
  )
}
