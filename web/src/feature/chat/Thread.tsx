import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { useEffect, useState } from "react"
import { Link, useNavigate } from "react-router"
import { asProblem } from "../../api/client"
import { link } from "../../api/connection"
import { forgetLive, useLive, watchRun } from "../../api/live"
import { isActive, type Message, type RunDetail } from "../../api/model"
import { chatQuery, messagesQuery } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Icon } from "../../ui/Icon"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { useTitle } from "../../ui/title"
import { inOrder, runQuery, useSend, useStop } from "./api"
import { Composer } from "./Composer"
import { Ending, Entry, Streaming } from "./Entry"
import { useOlder } from "./older"
import { ThreadHead } from "./ThreadHead"
import { useStick } from "./stick"

/** One chat: what was said and run so far, what is being written now, and where to answer. */
export function Thread({ id }: { id: string }) {
  const text = useText()
  const navigate = useNavigate()
  const [draft, setDraft] = useState("")
  const chat = useQuery(chatQuery(id))
  const list = useInfiniteQuery(messagesQuery(id))
  const messages = list.data ? inOrder(list.data) : []
  const runId = chat.data?.last_run?.id ?? ""
  const run = useQuery(runQuery(runId)).data
  const state = run?.state ?? chat.data?.last_run?.state
  const active = state !== undefined && isActive(state)
  const send = useSend(id, () => setDraft(""))
  const stop = useStop()
  const { box, away, onScroll, toEnd } = useStick<HTMLDivElement>()
  const older = useOlder(box, list)
  useTitle(chat.data?.title ?? text.chat.title)
  useEffect(() => {
    if (!active || runId === "") return undefined
    return watchRun(link, runId)
  }, [active, runId])
  useEffect(() => {
    if (run && !isActive(run.state)) forgetLive(run.id)
  }, [run])
  const missing = chat.error ? asProblem(chat.error) : null
  if (missing?.status === 404)
    return (
      <main id="content" className="thread">
        <div className="log">
          <ProblemNote problem={missing} />
          <Link className="btn" to={paths.chats}>
            {text.chat.back}
          </Link>
        </div>
      </main>
    )
  return (
    <main id="content" className="thread">
      <ThreadHead
        id={id}
        chat={chat.data}
        run={run}
        stopping={stop.isPending}
        onStop={active && runId ? () => stop.mutate(runId) : undefined}
        onGone={() => void navigate(paths.chats, { replace: true })}
      />
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
      <div className="log" ref={box} onScroll={() => { onScroll(); older.onScroll() }} role="log" aria-label={text.chat.transcript} tabIndex={0} data-cards>
        {list.isPending ? <Loading /> : null}
        <ProblemNote problem={list.error && (!list.data || list.isFetchNextPageError) ? asProblem(list.error) : missing} />
        {list.hasNextPage ? (
          <button type="button" className="btn sm bare older" disabled={list.isFetchingNextPage} onClick={older.load}>
            {text.chat.older}
          </button>
        ) : null}
        {messages.map((message) => (
          <Entry key={message.id} message={message} />
        ))}
        {active ? <Now run={run} runId={runId} state={state} messages={messages} /> : null}
        {chat.data?.planned_at && !active ? <Planned at={chat.data.planned_at} /> : null}
        {run && !active ? <Ending run={run} noticed={hasNotice(messages, run.id)} /> : null}
      </div>
      {away ? (
        <button type="button" className="btn sm to-end" onClick={toEnd}>
          <Icon name="down" size={16} />
          {text.chat.toEnd}
        </button>
      ) : null}
      <Composer
        draft={draft}
        onDraft={setDraft}
        busy={send.isPending}
        problem={send.error ? asProblem(send.error) : stop.error ? asProblem(stop.error) : null}
        cost={chat.data?.cost_usd}
        onSend={() => {
          send.mutate(draft.trim())
          toEnd()
        }}
      />
    </main>
  )
}

const hasNotice = (messages: readonly Message[], run: string) =>
  messages.some((message) => message.run_id === run && message.parts.some((part) => part.type === "notice"))

/** That work begins here by itself, and where that is arranged. */
function Planned({ at }: { at: string }) {
  const text = useText()
  const format = useFormat()
  return (
    <div className="note">
      <p className="mark" data-by="sched">
        <time dateTime={at}>{text.task.begins(format.full(at))}</time>
      </p>
      <Link className="link" to={paths.schedule}>
        {text.task.open}
      </Link>
    </div>
  )
}

/** What the run does at this moment, after the last message. */
function Now({ run, runId, state, messages }: { run: RunDetail | undefined; runId: string; state: string; messages: readonly Message[] }) {
  const text = useText()
  const live = useLive((store) => store.runs[runId])
  const turns = Math.max(0, ...messages.filter((message) => message.run_id === runId).map((message) => message.turn ?? 0))
  // A turn that became a message is shown as that message; its stream may still be here for a moment.
  const fresh = live !== undefined && live.turn > turns && live.text !== "" ? live : undefined
  if (fresh) return <Streaming text={fresh.text} since={run?.started_at ?? undefined} />
  if (state === "waiting_approval" || state === "waiting_command") return null
  return <Streaming text="" since={run?.created_at} say={state === "queued" ? text.chat.waitsTurn : text.chat.thinking} />
}
