import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { asProblem } from "../../api/client"
import type { Host, NewHost } from "../../api/model"
import { hostsQuery, wantsReauth } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { Confirm } from "../../ui/Confirm"
import { Copy } from "../../ui/Copy"
import { Field } from "../../ui/Field"
import { Icon } from "../../ui/Icon"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { Reauth } from "../../ui/Reauth"
import { useRegisterHost, useRevokeHost } from "./api"

/** The machines that commands and terminals can be sent to. */
export function Machines() {
  const text = useText()
  const hosts = useQuery(hostsQuery)
  const [adding, setAdding] = useState(false)
  const [fresh, setFresh] = useState<NewHost>()
  return (
    <section aria-labelledby="machines">
      <h2 id="machines">
        {text.settings.machines}
        <button
          type="button"
          className="btn sm end"
          aria-expanded={adding}
          onClick={() => {
            setAdding(!adding)
            setFresh(undefined)
          }}
        >
          <Icon name={adding ? "x" : "plus"} size={16} />
          {adding ? text.common.cancel : text.settings.addMachine}
        </button>
      </h2>
      <p className="meta under">{text.settings.machinesLead}</p>
      {adding ? (
        <NewMachine
          joinable={hosts.data?.joinable ?? true}
          onMade={(made) => {
            setFresh(made)
            setAdding(false)
          }}
        />
      ) : null}
      {fresh ? <Papers made={fresh} onDone={() => setFresh(undefined)} /> : null}
      <ProblemNote problem={hosts.error && !hosts.data ? asProblem(hosts.error) : null} />
      {hosts.isPending ? <Loading /> : null}
      <ul>
        {hosts.data?.items.map((host) => (
          <li key={host.name} className="item">
            <Row host={host} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function NewMachine({ joinable, onMade }: { joinable: boolean; onMade: (made: NewHost) => void }) {
  const text = useText()
  const [name, setName] = useState("")
  const register = useRegisterHost()
  const problem = register.error ? asProblem(register.error) : null
  const make = () => register.mutate(name.trim(), { onSuccess: onMade })
  if (problem && wantsReauth(problem)) return <Reauth lead={text.settings.reauthLead} onDone={make} />
  return (
    <form
      className="inset stack"
      onSubmit={(event) => {
        event.preventDefault()
        make()
      }}
    >
      {joinable ? null : <p className="meta">{text.settings.notJoinable}</p>}
      <Field label={text.settings.machineName} hint={text.settings.machineNameHint} machine required maxLength={63} pattern="[a-z0-9][a-z0-9\-]*" value={name} onValue={setName} />
      <ProblemNote problem={problem} />
      <div className="acts">
        <button type="submit" className="btn ink" disabled={register.isPending || !joinable}>
          {text.settings.addMachine}
        </button>
      </div>
    </form>
  )
}

/** What the other machine needs, once. */
function Papers({ made, onDone }: { made: NewHost; onDone: () => void }) {
  const text = useText()
  return (
    <div className="note good" role="status">
      <p>
        <b>{text.settings.shownOnce}</b> {text.settings.joinLead(made.host.name)}
      </p>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
      <pre className="m papers" dir="ltr" tabIndex={0} aria-label={text.settings.joinLines}>
        {made.script}
      </pre>
      <div className="acts">
        <Copy value={made.script} small={false} />
        <button type="button" className="btn" onClick={onDone}>
          {text.settings.joinDone}
        </button>
      </div>
    </div>
  )
}

function Row({ host }: { host: Host }) {
  const text = useText()
  const format = useFormat()
  const revoke = useRevokeHost()
  const problem = revoke.error ? asProblem(revoke.error) : null
  const say = text.settings
  const seen = host.last_seen_at ? ` · ${say.lastSeen(format.short(host.last_seen_at))}` : ""
  return (
    <>
      <div className="item-head">
        <b className="m">
          <bdi>{host.name}</bdi>
        </b>
        <span className={host.state === "unreachable" ? "risk" : "meta"}>
          {say.machineState[host.state]}
          {host.state === "unreachable" && host.since ? ` ${say.since(format.short(host.since))}` : ""}
        </span>
        <span className="item-acts end">
          {host.local || host.state === "revoked" ? null : (
            <Confirm label={say.revoke} question={say.revokeMachine(host.name)} busy={revoke.isPending} onYes={() => revoke.mutate(host.name)} />
          )}
        </span>
      </div>
      <p className="meta">
        {host.local ? `${say.thisMachine} · ` : ""}
        {say.running(host.running)}
        {host.state === "online" ? "" : seen}
        {host.version ? (
          <>
            {" · "}
            <bdi>{host.version}</bdi>
          </>
        ) : null}
      </p>
      {host.detail ? <p className="risk">{host.detail}</p> : null}
      <ProblemNote problem={problem} />
    </>
  )
}
