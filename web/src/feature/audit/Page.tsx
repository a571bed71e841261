import { useInfiniteQuery } from "@tanstack/react-query"
import { useState } from "react"
import { asProblem } from "../../api/client"
import { useText } from "../../i18n"
import { Field } from "../../ui/Field"
import { Loading } from "../../ui/Loading"
import { fieldOf, instantOf } from "../../ui/moment"
import { ProblemNote } from "../../ui/Problem"
import { Select } from "../../ui/Select"
import { useTitle } from "../../ui/title"
import { ownZone } from "../../ui/zone"
import { auditQuery, type Wanted } from "./api"
import { Check } from "./Check"
import { Entry } from "./Entry"
import { ROOM_NAMES, ROOMS } from "./rooms"

const ACTORS = ["", "owner", "ai", "schedule", "token"] as const

/** The instant of a field of day and time, or nothing while it holds none. */
function isoOf(field: string): string {
  const at = instantOf(field)
  return at === undefined ? "" : new Date(at).toISOString()
}

export default function AuditPage() {
  const text = useText()
  const [q, setQ] = useState("")
  const [wanted, setWanted] = useState<Wanted>({ q: "", kind: "", actor: "", since: "", until: "" })
  const rows = useInfiniteQuery(auditQuery(wanted))
  const items = rows.data?.pages.flatMap((page) => page.items)
  const names = { "": text.audit.anybody, owner: text.common.you, ai: text.common.ai, schedule: text.common.schedule, token: text.common.outside }
  useTitle(text.audit.title)
  return (
    <main id="content" className="app">
      <div className="page narrow">
        <header className="head">
          <h1>{text.audit.title}</h1>
        </header>
        <p className="meta under">{text.audit.lead}</p>
        <Check />
        <section aria-label={text.audit.search}>
          <form
            role="search"
            className="stack two"
            onSubmit={(event) => {
              event.preventDefault()
              setWanted({ ...wanted, q: q.trim() })
            }}
          >
            <Field label={text.audit.search} type="search" maxLength={100} hint={text.audit.searchHint} value={q} onValue={setQ} />
            <Select
              label={text.audit.about}
              value={wanted.kind}
              options={[{ value: "", label: text.audit.all }, ...ROOM_NAMES.map((room) => ({ value: ROOMS[room], label: text.audit.rooms[room] }))]}
              onValue={(kind) => setWanted({ ...wanted, q: q.trim(), kind })}
            />
            <Select
              label={text.audit.by}
              value={wanted.actor}
              options={ACTORS.map((actor) => ({ value: actor, label: names[actor] }))}
              onValue={(value) => setWanted({ ...wanted, q: q.trim(), actor: ACTORS.find((actor) => actor === value) ?? "" })}
            />
            {(["since", "until"] as const).map((end) => (
              <Field key={end} label={text.audit[end]} type="datetime-local" hint={text.task.zone(ownZone())} value={wanted[end] ? fieldOf(Date.parse(wanted[end])) : ""} onValue={(field) => setWanted({ ...wanted, q: q.trim(), [end]: isoOf(field) })} />
            ))}
            <div className="acts">
              <button type="submit" className="btn">
                {text.audit.find}
              </button>
            </div>
          </form>
          <ProblemNote problem={rows.error ? asProblem(rows.error) : null} />
          {rows.isPending ? <Loading /> : null}
          {items?.length === 0 ? <p className="meta empty">{rows.hasNextPage ? text.audit.noneHere : text.audit.none}</p> : null}
          <ul>
            {items?.map((row) => (
              <li key={row.seq} className="item">
                <Entry row={row} />
              </li>
            ))}
          </ul>
          {rows.hasNextPage ? (
            <button type="button" className="btn sm bare" disabled={rows.isFetchingNextPage} onClick={() => void rows.fetchNextPage()}>
              {items?.length === 0 ? text.audit.further : text.common.more}
            </button>
          ) : null}
        </section>
      </div>
    </main>
  )
}
