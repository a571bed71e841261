import { useQuery } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import type { Rule, RuleBody } from "../../api/model"
import { chatQuery, wantsReauth } from "../../api/query"
import { bodyOf, ruleQuery, rulesQuery, suggestionsQuery, useAddRule, useChangeRule, useRevokeRule } from "../../api/rule"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { CommandLine } from "../../ui/Command"
import { Confirm } from "../../ui/Confirm"
import { Keep } from "../../ui/Keep"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { Reauth } from "../../ui/Reauth"
import { RuleForm } from "../../ui/RuleForm"
import { commandText } from "../../ui/shell"

/** What the owner allowed beforehand, and what could be. */
export function Rules() {
  const text = useText()
  const rules = useQuery(rulesQuery)
  return (
    <div data-cards>
      <section aria-labelledby="rules">
        <h2 id="rules" tabIndex={-1} data-head>{text.rule.title}</h2>
        <p className="meta under">{text.rule.lead}</p>
        <ProblemNote problem={rules.error ? asProblem(rules.error) : null} />
        {rules.isPending ? <Loading /> : null}
        {rules.data?.length === 0 ? <p className="meta empty">{text.rule.none}</p> : null}
        <ul>
          {rules.data?.map((rule) => (
            <li key={rule.id} className="item">
              <Row rule={rule} />
            </li>
          ))}
        </ul>
      </section>
      <Suggestions />
    </div>
  )
}

function Row({ rule }: { rule: Rule }) {
  const text = useText()
  const [changing, setChanging] = useState(false)
  const revoke = useRevokeRule()
  return (
    <Keep card part="change" className="rule">
      <p className="rule-head">
        <code dir="ltr">
          {commandText(rule.program, rule.words)}
          {rule.open ? " …" : ""}
        </code>
        {rule.in_force ? null : <span className="v muted">{text.rule.over}</span>}
      </p>
      <Facts rule={rule} />
      {changing ? (
        // Changed elsewhere meanwhile, the form begins anew: what was written there is not to be overwritten unseen.
        <Change key={rule.version} rule={rule} onDone={() => setChanging(false)} />
      ) : (
        <div className="acts">
          <button type="button" className="btn sm bare" data-part="change" onClick={() => setChanging(true)}>
            {text.rule.change}
          </button>
          <Confirm label={text.rule.revoke} question={text.rule.revokeAsk} busy={revoke.isPending} onYes={() => revoke.mutate(rule.id)} />
          <ProblemNote problem={revoke.error ? asProblem(revoke.error) : null} />
        </div>
      )}
      {rule.used > 0 ? <Uses id={rule.id} /> : null}
    </Keep>
  )
}

function Facts({ rule }: { rule: Rule }) {
  const text = useText()
  const format = useFormat()
  const facts: ReactNode[] = [
    <span key="folder" className="m" dir="ltr">
      {rule.folder}
    </span>,
    rule.scope.where === "chat" ? <ChatName key="chat" id={rule.scope.chat} /> : text.rule.everywhere,
    text.rule.everyMachine,
    rule.until ? text.settings.until(format.short(rule.until)) : text.rule.untils.revoked,
    rule.times ? text.rule.usedOf(rule.used, rule.times) : text.rule.used(rule.used),
    rule.last_used_at ? text.rule.last(format.short(rule.last_used_at)) : null,
  ].filter((it) => it !== null)
  return (
    <p className="meta">
      {facts.map((fact, at) => (
        <span key={`${at}`}>
          {at > 0 ? " · " : ""}
          <bdi>{fact}</bdi>
        </span>
      ))}
    </p>
  )
}

/** Where a rule for one chat counts. */
function ChatName({ id }: { id: string }) {
  const text = useText()
  const { data: chat } = useQuery(chatQuery(id))
  return (
    <Link className="link" to={paths.chat(id)}>
      {chat ? <bdi>{chat.title || text.chat.untitled}</bdi> : text.rule.oneChat}
    </Link>
  )
}

function Change({ rule, onDone }: { rule: Rule; onDone: () => void }) {
  const text = useText()
  const change = useChangeRule(rule, onDone)
  return (
    <Draft
      draft={bodyOf(rule)}
      mayOpen={rule.open}
      chat={rule.scope.where === "chat" ? rule.scope.chat : undefined}
      submit={text.rule.saveChange}
      send={change.mutate}
      again={() => change.variables && change.mutate(change.variables)}
      forget={change.reset}
      busy={change.isPending}
      error={change.error}
      onBack={onDone}
    />
  )
}

interface DraftProps {
  draft: RuleBody
  mayOpen: boolean
  chat?: string | undefined
  submit: string
  send: (draft: RuleBody) => void
  again: () => void
  forget: () => void
  busy: boolean
  error: Error | null
  onBack: () => void
}

/** The form, and the password where it is wanted. */
function Draft({ draft, mayOpen, chat, submit, send, again, forget, busy, error, onBack }: DraftProps) {
  const text = useText()
  const problem = error ? asProblem(error) : null
  if (problem && wantsReauth(problem)) return <Reauth lead={text.rule.reauthLead} onDone={again} onBack={forget} />
  return <RuleForm draft={draft} mayOpen={mayOpen} chat={chat} submit={submit} busy={busy} problem={problem} onSubmit={send} onBack={onBack} />
}

function Uses({ id }: { id: string }) {
  const text = useText()
  const format = useFormat()
  const [open, setOpen] = useState(false)
  const { data } = useQuery({ ...ruleQuery(id), enabled: open })
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="meta">{text.rule.uses}</summary>
      {open && !data ? <Loading /> : null}
      <ul>
        {data?.uses.map((exec) => (
          <li key={exec.id} className="use">
            <CommandLine text={exec.command} />
            {exec.started_at ? <span className="meta nowrap">{format.short(exec.started_at)}</span> : null}
          </li>
        ))}
      </ul>
    </details>
  )
}

function Suggestions() {
  const text = useText()
  const { data } = useQuery(suggestionsQuery)
  const [making, setMaking] = useState<string>()
  const add = useAddRule(() => setMaking(undefined))
  if (!data || data.length === 0) return null
  return (
    <section aria-labelledby="suggested">
      <h2 id="suggested">{text.rule.suggested}</h2>
      <ul>
        {data.map(({ rule, seen }) => {
          const name = `${rule.folder} ${commandText(rule.program, rule.words)}`
          return (
            <li key={name} className="item">
              <Keep card part="make" className="rule keep">
              <p className="rule-head">
                <code dir="ltr">{commandText(rule.program, rule.words)}</code>
              </p>
              <p className="meta">
                <bdi className="m">{rule.folder}</bdi> · {text.rule.seen(seen)}
              </p>
              {making === name ? (
                <Draft
                  draft={bodyOf(rule)}
                  mayOpen={false}
                  submit={text.rule.keep}
                  send={add.mutate}
                  again={() => add.variables && add.mutate(add.variables)}
                  forget={add.reset}
                  busy={add.isPending}
                  error={add.error}
                  onBack={() => setMaking(undefined)}
                />
              ) : (
                <div className="acts">
                  <button type="button" className="btn sm" data-part="make" onClick={() => setMaking(name)}>
                    {text.rule.make}
                  </button>
                </div>
              )}
              </Keep>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
