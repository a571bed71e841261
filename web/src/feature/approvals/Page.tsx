import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { useLayoutEffect, useRef } from "react"
import { Link, useNavigate, useParams, useSearchParams } from "react-router"
import { asProblem } from "../../api/client"
import type { Question } from "../../api/model"
import { waitingQuery } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { AskBody, userOf, useRemaining } from "../../ui/Ask"
import { AskActions } from "../../ui/AskActions"
import { Begun } from "../../ui/Begun"
import { actorName, byOf } from "../../ui/actor"
import { type Standing, useAnswering, useStanding } from "../../ui/answering"
import { Claim } from "../../ui/Claim"
import { CommandLine } from "../../ui/Command"
import { clockText } from "../../ui/countdown"
import { deviceName } from "../../ui/device"
import { Keep } from "../../ui/Keep"
import { Loading } from "../../ui/Loading"
import { Gone, lineOf } from "../../ui/Outcome"
import { ProblemNote } from "../../ui/Problem"
import { Machine } from "../../ui/Revealed"
import { useTitle } from "../../ui/title"
import { Wick } from "../../ui/Wick"
import { historyQuery } from "./api"
import { ApprovalSheet } from "./ApprovalSheet"
import { Rules } from "./Rules"
import { Unasked } from "./Unasked"

const TABS = ["waiting", "history", "unasked", "rules"] as const
type Tab = (typeof TABS)[number]
const isTab = (text: string | null): text is Tab => TABS.some((tab) => tab === text)

export default function ApprovalsPage() {
  const text = useText()
  const { id } = useParams()
  const navigate = useNavigate()
  const [query] = useSearchParams()
  const wanted = query.get("tab")
  const tab = isTab(wanted) ? wanted : "waiting"
  const waiting = useQuery(waitingQuery)
  const title = useRef<HTMLHeadingElement>(null)
  const before = useRef(id)
  useTitle(text.approval.title)
  useLayoutEffect(() => {
    // What had opened the sheet may be gone with its question. Before it is painted: the keyboard is nowhere else meanwhile.
    if (before.current && !id && document.activeElement === document.body) title.current?.focus()
    before.current = id
  }, [id])
  return (
    <main id="content" className="app">
      <div className="page narrow">
        <header className="head">
          <h1 tabIndex={-1} ref={title}>
            {text.approval.title}
          </h1>
        </header>
        <nav className="tabrow" aria-label={text.approval.title}>
          {TABS.map((it) => (
            <Link key={it} to={it === "waiting" ? "?" : `?tab=${it}`} replace aria-current={it === tab ? "page" : undefined}>
              {it === "waiting" ? <span className={waiting.data?.length ? "lamp lit" : "lamp"} /> : null}
              {text.rule.tabs[it]}
              {it === "waiting" && waiting.data?.length ? <bdi className="m">{waiting.data.length}</bdi> : null}
            </Link>
          ))}
        </nav>
        <Shown tab={tab} />
      </div>
      {id ? <ApprovalSheet key={id} id={id} onClose={() => void navigate({ pathname: paths.approvals, search: query.toString() })} /> : null}
    </main>
  )
}

function Shown({ tab }: { tab: Tab }) {
  switch (tab) {
    case "waiting":
      return <Waiting />
    case "history":
      return <History />
    case "unasked":
      return <Unasked />
    case "rules":
      return <Rules />
  }
}

function Waiting() {
  const text = useText()
  const waiting = useQuery(waitingQuery)
  const standing = useStanding(waiting.data)
  return (
    <section aria-labelledby="waiting" className="waits" data-cards>
      <h2 id="waiting" tabIndex={-1} data-head>
        <span className={waiting.data?.length ? "lamp lit" : "lamp"} />
        {text.approval.waiting}
      </h2>
      <ProblemNote problem={waiting.error ? asProblem(waiting.error) : null} />
      {waiting.isPending ? <Loading /> : null}
      {waiting.data?.length === 0 ? <p className="meta empty">{text.approval.noneWaiting}</p> : null}
      {standing.map((it) => (
        <Card key={it.question.id} {...it} />
      ))}
    </section>
  )
}

function History() {
  const text = useText()
  const history = useInfiniteQuery(historyQuery)
  const decided = history.data?.pages.flatMap((page) => page.items)
  return (
    <section aria-labelledby="history">
      <h2 id="history">{text.approval.history}</h2>
      <ProblemNote problem={history.error ? asProblem(history.error) : null} />
      {history.isPending ? <Loading /> : null}
      {decided?.length === 0 ? <p className="meta empty">{text.approval.noneDecided}</p> : null}
      <ul>
        {decided?.map((approval) => (
          <li key={approval.id}>
            <Decided approval={approval} />
          </li>
        ))}
      </ul>
      {history.hasNextPage ? (
        <button type="button" className="btn sm bare" disabled={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
          {text.common.more}
        </button>
      ) : null}
    </section>
  )
}

function Card({ question: approval, gone, place }: Standing) {
  const text = useText()
  const left = useRemaining(approval)
  const answering = useAnswering(approval, { place })
  if (gone)
    return (
      <Keep as="article" card className="note w" aria-label={text.approval.title}>
        <Gone question={approval} problem={answering.problem} />
        <Link className="link" to={paths.approval(approval.id)}>
          {text.now.review}
        </Link>
      </Keep>
    )
  return (
    <Keep as="article" card className="ask rail w" data-by="ai" aria-label={text.approval.waitsFor}>
      <Wick left={left} />
      <div className="in">
        <div className="who1">
          <span className="who">{text.common.ai}</span>
          <Begun by={approval.run_actor} />
          <span className="meta">
            {approval.chat_id ? (
              <Link className="link" to={paths.chat(approval.chat_id)}>
                <bdi>{approval.chat_title || text.chat.untitled}</bdi>
              </Link>
            ) : null}{" "}
            · {text.approval.risk[approval.risk]} · {text.approval.as} <Machine text={userOf(approval)} />
          </span>
          <span className="remain end">
<bdi>{clockText(left.seconds)}</bdi>
</span>
        </div>
        <AskBody approval={approval} />
        <AskActions approval={approval} left={left} {...answering}>
          <Link className="btn" to={paths.approval(approval.id)}>
            {text.now.review}
          </Link>
        </AskActions>
      </div>
    </Keep>
  )
}

function Decided({ approval }: { approval: Question }) {
  const text = useText()
  const format = useFormat()
  const at = approval.decided_at ?? approval.expires_at
  return (
    <Link className="row" to={`${paths.approval(approval.id)}?tab=history`}>
      <time dateTime={at} className="wide-time">
        {format.short(at)}
      </time>
      <span className="rail" data-by={approval.state === "allowed" || approval.state === "denied" ? "you" : "ai"}>
        <CommandLine text={lineOf(approval)} />
        <span className="meta ell">
          <bdi>{approval.chat_title}</bdi>
          {approval.decided_by ? <> · {actorName(byOf(approval.decided_by), text)}</> : null}
          {approval.decided_from ? (
            <>
              , <bdi>{deviceName(approval.decided_from.device)}</bdi>
            </>
          ) : null}
          {approval.reason ? (
            <>
              {" · "}
              <Claim text={approval.reason} />
            </>
          ) : null}
        </span>
      </span>
      <span className={approval.state === "allowed" ? "v ok" : approval.state === "denied" ? "v fail" : "v muted"}>{text.approval.state[approval.state]}</span>
    </Link>
  )
}
