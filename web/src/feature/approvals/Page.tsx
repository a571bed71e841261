import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { Link, useNavigate, useParams } from "react-router"
import { asProblem } from "../../api/client"
import type { Question } from "../../api/model"
import { waitingQuery } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { AskActions, AskBody, userOf, useRemaining } from "../../ui/Ask"
import { useAnswering } from "../../ui/answering"
import { Claim } from "../../ui/Claim"
import { CommandLine } from "../../ui/Command"
import { clockText } from "../../ui/countdown"
import { handLine } from "../../ui/HandBody"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { useTitle } from "../../ui/title"
import { Wick } from "../../ui/Wick"
import { historyQuery } from "./api"
import { ApprovalSheet } from "./ApprovalSheet"

export default function ApprovalsPage() {
  const text = useText()
  const { id } = useParams()
  const navigate = useNavigate()
  const waiting = useQuery(waitingQuery)
  const history = useInfiniteQuery(historyQuery)
  const decided = history.data?.pages.flatMap((page) => page.items)
  const problem = waiting.error ?? history.error
  useTitle(text.approval.title)
  return (
    <main id="content" className="app">
      <div className="page narrow" inert={id !== undefined}>
        <header className="head">
          <h1>{text.approval.title}</h1>
        </header>
        <ProblemNote problem={problem ? asProblem(problem) : null} />
        <section aria-labelledby="waiting" className="waits">
          <h2 id="waiting">
            <span className={waiting.data?.length ? "lamp lit" : "lamp"} />
            {text.approval.waiting}
          </h2>
          {waiting.isPending ? <Loading /> : null}
          {waiting.data?.length === 0 ? <p className="meta empty">{text.approval.noneWaiting}</p> : null}
          {waiting.data?.map((approval) => <Card key={approval.id} approval={approval} />)}
        </section>
        <section aria-labelledby="history">
          <h2 id="history">{text.approval.history}</h2>
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
      </div>
      {id ? <ApprovalSheet key={id} id={id} onClose={() => void navigate(paths.approvals)} /> : null}
    </main>
  )
}

function Card({ approval }: { approval: Question }) {
  const text = useText()
  const left = useRemaining(approval)
  const answering = useAnswering(approval)
  return (
    <article className="ask rail w" data-by="ai" aria-label={text.approval.waitsFor}>
      <Wick left={left} />
      <div className="in">
        <div className="who1">
          <span className="who">{text.common.ai}</span>
          <span className="meta">
            {approval.chat_id ? (
              <Link className="link" to={paths.chat(approval.chat_id)}>
                <bdi>{approval.chat_title || text.chat.untitled}</bdi>
              </Link>
            ) : null}{" "}
            · {text.approval.risk[approval.risk]} · {text.approval.as} <bdi className="m">{userOf(approval)}</bdi>
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
    </article>
  )
}

function Decided({ approval }: { approval: Question }) {
  const text = useText()
  const format = useFormat()
  const at = approval.decided_at ?? approval.expires_at
  return (
    <Link className="row" to={paths.approval(approval.id)}>
      <time dateTime={at} className="wide-time">
        {format.short(at)}
      </time>
      <span className="rail" data-by={approval.state === "allowed" || approval.state === "denied" ? "you" : "ai"}>
        <CommandLine text={approval.exec?.command ?? (approval.hand ? handLine(approval.hand) : "")} />
        <span className="meta ell">
          <bdi>{approval.chat_title}</bdi>
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
