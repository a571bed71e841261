import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import type { Terminal } from "../../api/model"
import { asksPassword, hostsQuery, openTerminalsQuery } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Icon } from "../../ui/Icon"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { endedQuery } from "./api"
import { byOf, nameOf, standing } from "./name"

/** All terminals: those that run, and those of which the recording is kept. */
export function List({ isOpening, problem, onOpen }: { isOpening: boolean; problem: Error | null; onOpen: (host?: string) => void }) {
  const text = useText()
  const open = useQuery(openTerminalsQuery)
  const elsewhere = useQuery(hostsQuery).data?.items.filter((host) => !host.local && host.state === "online") ?? []
  const ended = useInfiniteQuery(endedQuery)
  const past = ended.data?.pages.flatMap((page) => page.items)
  const failed = problem ?? (open.data ? null : open.error) ?? (ended.data ? null : ended.error)
  return (
    <main id="content" className="terms-list">
      <div className="page narrow">
        <header className="head">
          <h1>{text.terminal.title}</h1>
          <span className="acts end">
            {elsewhere.map((host) => (
              <button key={host.name} type="button" className="btn" disabled={isOpening} onClick={() => onOpen(host.name)}>
                {text.terminal.newOn(host.name)}
              </button>
            ))}
            <button type="button" className="btn ink" disabled={isOpening} onClick={() => onOpen()}>
              <Icon name="plus" size={16} />
              {text.terminal.new}
            </button>
          </span>
        </header>
        <ProblemNote problem={failed ? asProblem(failed) : null} />
        <section aria-labelledby="open">
          <h2 id="open">{text.terminal.open}</h2>
          {open.isPending ? <Loading /> : null}
          {open.data?.length === 0 ? <p className="meta empty">{text.terminal.none}</p> : null}
          {open.data?.map((terminal) => <Row key={terminal.id} terminal={terminal} />)}
        </section>
        <section aria-labelledby="ended">
          <h2 id="ended">{text.terminal.past}</h2>
          {ended.isPending ? <Loading /> : null}
          {past?.length === 0 ? <p className="meta empty">{text.terminal.nonePast}</p> : null}
          {past?.map((terminal) => <Row key={terminal.id} terminal={terminal} />)}
          {ended.hasNextPage ? (
            <button type="button" className="btn sm bare" disabled={ended.isFetchingNextPage} onClick={() => void ended.fetchNextPage()}>
              {text.common.more}
            </button>
          ) : null}
        </section>
      </div>
    </main>
  )
}

function Row({ terminal }: { terminal: Terminal }) {
  const text = useText()
  const format = useFormat()
  const { word, isBad } = standing(terminal, text)
  const at = terminal.ended_at ?? terminal.started_at ?? terminal.created_at
  return (
    <Link className="row" to={paths.terminal(terminal.id)}>
      <time className="wide-time" dateTime={at}>
        {format.short(at)}
      </time>
      <span className={terminal.state === "running" ? "rail live" : "rail"} data-by={terminal.kind === "command" ? "ai" : byOf(terminal)}>
        <bdi className="name m">{nameOf(terminal, text)}</bdi>
        <span className="meta">
          <bdi>{terminal.user ? `${terminal.user}@${terminal.host}` : terminal.host}</bdi> · <bdi>{format.bytes(terminal.bytes)}</bdi>
        </span>
      </span>
      <span className={isBad ? "v fail" : "v muted"}>
        {asksPassword(terminal) ? (
          <span className="lamp lit">
            <span className="vh">{text.chat.waits}</span>
          </span>
        ) : (
          <bdi>{word}</bdi>
        )}
      </span>
    </Link>
  )
}
