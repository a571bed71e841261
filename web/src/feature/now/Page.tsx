import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import { isActive, type Run } from "../../api/model"
import { chatsQuery, waitingQuery } from "../../api/query"
import { useLink } from "../../api/socket"
import { type Format, useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { byOf } from "../../ui/actor"
import { useStanding } from "../../ui/answering"
import { clockText, useNow } from "../../ui/countdown"
import { useTitle } from "../../ui/title"
import { runsQuery, servicesQuery, spending } from "./api"
import { Next } from "./Next"
import { StopAll } from "./StopAll"
import { WaitCard } from "./WaitCard"

export default function NowPage() {
  const text = useText()
  const format = useFormat()
  const now = useNow()
  const { state, since } = useLink()
  const runs = useQuery(runsQuery)
  const today = (runs.data ?? []).filter((run) => format.dayKey(run.created_at) === format.dayKey(now))
  useTitle(text.now.title)
  return (
    <main id="content" className="app">
      <div className="page now">
        <header className="head">
          <h1>{text.now.title}</h1>
          <p className="meta">
            {format.day(now)} · <bdi>{location.hostname}</bdi>
          </p>
          <span className={`live-chip end ${state}`}>{state === "offline" ? text.link.offline(format.time(since)) : text.link[state]}</span>
          <StopAll />
        </header>
        <Health />
        <div className="col">
          <Waits />
          <Running runs={runs.data ?? []} now={now} loading={runs.isPending} problem={runs.error && !runs.data ? asProblem(runs.error) : null} />
        </div>
        <div className="col">
          <Next now={now} />
          <Cost runs={today} now={now} format={format} />
          <Earlier runs={today.filter((run) => !isActive(run.state))} />
        </div>
      </div>
    </main>
  )
}

function Health() {
  const text = useText()
  const format = useFormat()
  const services = useQuery(servicesQuery)
  if (!services.data) return services.error ? <ProblemNote problem={asProblem(services.error)} /> : <Loading />
  const down = services.data.filter((it) => it.state === "down")
  return (
    <ul className="health" aria-label={text.now.services}>
      {services.data.map((it) => (
        <li key={it.name}>
          <span className={it.state === "up" ? "up" : "up not"} />
          <bdi>{it.name}</bdi>
          {it.since ? <span className="meta">{text.now.since(format.time(it.since))}</span> : null}
        </li>
      ))}
      <li className={down.length > 0 ? "end fail say" : "end meta say"}>
        {services.data.length === 0 ? text.now.noServices : down.length > 0 ? text.now.down(down.map((it) => it.name).join(", ")) : text.now.allUp}
      </li>
    </ul>
  )
}

function Waits() {
  const text = useText()
  const waiting = useQuery(waitingQuery)
  const standing = useStanding(waiting.data)
  const count = waiting.data?.length ?? 0
  return (
    <section id="wait" aria-labelledby="hw" className={count > 0 ? "lit" : ""} data-cards>
      <h2 id="hw" tabIndex={-1} data-head>
        <span className={count > 0 ? "lamp lit" : "lamp"} />
        {count > 0 ? text.now.waits(count) : text.now.nothing}
      </h2>
      <ProblemNote problem={waiting.error && !waiting.data ? asProblem(waiting.error) : null} />
      {waiting.data && count === 0 ? <p className="meta empty">{text.now.nothingHint}</p> : null}
      {standing.map((it) => (
        <WaitCard key={it.question.id} {...it} />
      ))}
    </section>
  )
}

/** Titles of chats by id, as far as the list has been loaded. */
function useTitles(): (run: Run) => string {
  const text = useText()
  const chats = useInfiniteQuery(chatsQuery).data?.pages.flatMap((page) => page.items) ?? []
  return (run) => (run.chat_id ? chats.find((chat) => chat.id === run.chat_id)?.title || text.chat.untitled : text.run.untitled)
}

function RunName({ run, title }: { run: Run; title: string }) {
  return run.chat_id ? (
    <Link to={paths.chat(run.chat_id)} className="name">
      <bdi>{title}</bdi>
    </Link>
  ) : (
    <bdi className="name">{title}</bdi>
  )
}

function Running({ runs, now, loading, problem }: { runs: readonly Run[]; now: number; loading: boolean; problem: ReturnType<typeof asProblem> | null }) {
  const text = useText()
  const format = useFormat()
  const titleOf = useTitles()
  const active = runs.filter((run) => isActive(run.state))
  return (
    <section id="run" aria-labelledby="hr">
      <h2 id="hr">
        {text.now.running}
        <span className="meta">{active.length > 0 ? format.number(active.length) : ""}</span>
      </h2>
      <ProblemNote problem={problem} />
      {loading ? <Loading /> : null}
      {!loading && active.length === 0 ? (
        <p className="meta empty">
          {text.now.quiet}{" "}
          <Link className="link" to={paths.chats}>
            {text.now.ask}
          </Link>
        </p>
      ) : null}
      {active.map((run) => (
        <div className="row" key={run.id}>
          <time dateTime={run.created_at}>{format.time(run.created_at)}</time>
          <div className="rail live" data-by={byOf(run.actor) === "you" ? "ai" : byOf(run.actor)}>
            <RunName run={run} title={titleOf(run)} />
            <span className="meta">{text.run[run.state]}</span>
          </div>
          <span className="v m">
<bdi>{clockText(Math.floor(Math.max(0, now - Date.parse(run.created_at)) / 1000))}</bdi>
</span>
        </div>
      ))}
    </section>
  )
}

function Cost({ runs, now, format }: { runs: readonly Run[]; now: number; format: Format }) {
  const text = useText()
  const spent = spending(runs)
  const lines = [
    { by: "you", label: text.now.chats, amount: spent.chats, always: true },
    { by: "sched", label: text.now.scheduled, amount: spent.scheduled, always: false },
    { by: "out", label: text.now.outside, amount: spent.outside, always: false },
  ].filter((line) => line.always || line.amount > 0)
  return (
    <section id="cost" aria-labelledby="hc">
      <h2 id="hc">
        {text.now.today}
        <span className="meta">{text.now.upTo(format.time(now))}</span>
      </h2>
      <table>
        <tbody>
          {lines.map((line) => (
            <tr key={line.by}>
              <th scope="row">
                <span className="mark quiet" data-by={line.by}>
                  {line.label}
                </span>
              </th>
              <td>
                <bdi>{format.money(line.amount)}</bdi>
              </td>
            </tr>
          ))}
          <tr className="sum">
            <th scope="row">{text.now.spent}</th>
            <td>
              <bdi>{format.money(spent.all)}</bdi>
            </td>
          </tr>
        </tbody>
      </table>
    </section>
  )
}

function Earlier({ runs }: { runs: readonly Run[] }) {
  const text = useText()
  const format = useFormat()
  const titleOf = useTitles()
  return (
    <section id="past" aria-labelledby="hp">
      <h2 id="hp">{text.now.earlier}</h2>
      {runs.length === 0 ? <p className="meta empty">{text.now.nothingEarlier}</p> : null}
      {runs.slice(0, 12).map((run) => (
        <div className="row" key={run.id}>
          <time dateTime={run.ended_at ?? run.created_at}>{format.time(run.ended_at ?? run.created_at)}</time>
          <div className="rail" data-by={byOf(run.actor)}>
            <RunName run={run} title={titleOf(run)} />
            {run.error ? <span className="meta">{run.error.detail}</span> : null}
          </div>
          {run.state === "succeeded" ? <span className="v m"><bdi>{format.money(run.cost_usd)}</bdi></span> : <span className={run.state === "failed" ? "v fail" : "v muted"}>{text.run[run.state]}</span>}
        </div>
      ))}
    </section>
  )
}
