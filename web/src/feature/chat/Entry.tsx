import { useQuery } from "@tanstack/react-query"
import { Link } from "react-router"
import type { Exec, Message, Part, RunDetail } from "../../api/model"
import { approvalQuery } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Ask } from "../../ui/Ask"
import { actorName, byOf } from "../../ui/actor"
import { CommandLine } from "../../ui/Command"
import { handLine } from "../../ui/HandBody"
import { Elsewhere } from "../../ui/Outcome"
import { Prose } from "../../ui/Prose"
import { Machine } from "../../ui/Revealed"
import { useNow } from "../../ui/countdown"
import { ToolCard } from "./ToolCard"

/** One message as entries of the ledger: words share a rail, each request for your word stands alone. */
export function Entry({ message }: { message: Message }) {
  const text = useText()
  const format = useFormat()
  const by = message.role === "owner" && message.actor.kind === "ai" ? "you" : byOf(message.actor)
  const time = <time dateTime={message.created_at}>{format.time(message.created_at)}</time>
  if (message.role === "system")
    return message.parts.map((part, at) => (
      <div className="e turn" key={`${message.id} ${at}`}>
        {time}
        <div className="aside">{part.type === "notice" ? <Notice code={part.code} text={part.text} /> : part.type === "text" ? <p className="meta">{part.text}</p> : null}</div>
      </div>
    ))
  const groups = group(message.parts)
  return groups.map((parts, at) => {
    const first = parts[0]
    if (first?.type === "exec" && first.exec.state === "waiting_approval" && first.exec.approval_id) {
      return (
        <div className="e turn" key={first.exec.id}>
          {time}
          <Waiting exec={first.exec} approval={first.exec.approval_id} />
        </div>
      )
    }
    if (first?.type === "hand" && first.state === "waiting")
      return (
        <div className="e turn" key={first.approval_id}>
          {time}
          <WaitingHand part={first} />
        </div>
      )
    const live = parts.some((part) => part.type === "exec" && (part.exec.state === "running" || part.exec.state === "approved"))
    return (
      <div className={at === groups.length - 1 ? "e turn" : "e"} key={`${message.id} ${at}`}>
        {time}
        <div className={live ? "rail live" : "rail"} data-by={by}>
          {at === 0 ? (
            <p className="by">
              <bdi className="who">{actorName(by, text)}</bdi>
            </p>
          ) : null}
          {parts.map((part, nth) => (
            <Piece key={part.type === "exec" ? part.exec.id : part.type === "hand" ? part.approval_id : nth} part={part} mine={message.role === "owner"} />
          ))}
        </div>
      </div>
    )
  })
}

/** Parts in runs that share a rail; a command that waits for the owner breaks the run. */
export function group(parts: readonly Part[]): Part[][] {
  const groups: Part[][] = []
  let open = false
  for (const part of parts) {
    const alone = (part.type === "exec" && part.exec.state === "waiting_approval" && Boolean(part.exec.approval_id)) || (part.type === "hand" && part.state === "waiting")
    if (alone || !open) groups.push([part])
    else groups.at(-1)?.push(part)
    open = !alone
  }
  return groups
}

function Piece({ part, mine }: { part: Part; mine: boolean }) {
  switch (part.type) {
    case "text":
      return mine ? (
        <p className="said" dir="auto">
          {part.text}
        </p>
      ) : (
        <Prose text={part.text} />
      )
    case "exec":
      return <ToolCard exec={part.exec} />
    case "hand":
      return <Handed part={part} />
    default:
      return <Notice code={part.code} text={part.text} />
  }
}

function Notice({ code, text: words }: { code: string; text: string }) {
  const text = useText()
  return (
    <div className="note">
      <p>{words}</p>
      {code.startsWith("model_") ? (
        <Link className="link" to={paths.settingsModels}>
          {text.model.settings}
        </Link>
      ) : null}
    </div>
  )
}

function Waiting({ exec, approval: id }: { exec: Exec; approval: string }) {
  const { data: approval } = useQuery(approvalQuery(id))
  if (!approval || approval.state !== "waiting")
    return (
      <div className="rail" data-by="ai">
        <ToolCard exec={exec} />
      </div>
    )
  return <Ask approval={approval} />
}

type HandPart = Extract<Part, { type: "hand" }>

/** The AI waits for a keyboard. */
function WaitingHand({ part }: { part: HandPart }) {
  const { data: question } = useQuery(approvalQuery(part.approval_id))
  if (!question || question.state !== "waiting")
    return (
      <div className="rail" data-by="ai">
        <Handed part={part} />
      </div>
    )
  return <Ask approval={question} />
}

/** What it wanted to type where, and what came of the question. */
function Handed({ part: { hand, state, approval_id } }: { part: HandPart }) {
  const text = useText()
  const name = hand.name || hand.program || text.terminal.shell
  return (
    <article className="tool" aria-label={`${text.approval.hand.asked} ${name}`}>
      <header>
        <CommandLine text={handLine(hand)} />
        <span className={state === "allowed" ? "m end nowrap ok" : state === "denied" ? "m end nowrap fail" : "m end nowrap muted"}>{text.approval.state[state]}</span>
      </header>
      <Elsewhere approval={approval_id} />
      <footer>
        <span>{text.approval.hand.asked}</span>
        <Link className="link" to={paths.terminal(hand.terminal_id)}>
          <Machine text={name} />
        </Link>
      </footer>
    </article>
  )
}

/** What is being written now; before the first word, how long it has been thinking. */
export function Streaming({ text: words, since, say }: { text: string; since?: string | undefined; say?: string }) {
  const text = useText()
  const format = useFormat()
  const now = useNow(words === "")
  const seconds = since ? Math.max(0, Math.round((now - Date.parse(since)) / 1000)) : 0
  return (
    <div className="e turn">
      {since ? <time dateTime={since}>{format.time(since)}</time> : <span />}
      <div className="rail live" data-by="ai">
        <p className="by" aria-live="off">
          <span className="who">{text.common.ai}</span>
          <span className="meta">
            {words === "" ? (say ?? text.chat.thinking) : text.chat.writing} {words === "" && seconds > 1 ? <bdi className="m">{format.duration(seconds * 1000)}</bdi> : null}
          </span>
        </p>
        {words === "" ? <span className="cur" /> : <Prose text={words} streaming />}
      </div>
    </div>
  )
}

/** How the run ended, when that needs a word: failed, stopped or expired. */
export function Ending({ run, noticed }: { run: RunDetail; noticed: boolean }) {
  const text = useText()
  if (run.state === "succeeded" || noticed) return null
  const isModel = run.error?.code.startsWith("model_") ?? false
  // Nobody was even asked: another cause than an answer that did not come.
  const unreached = run.error?.code === "owner_unreachable"
  const say = unreached ? text.chat.unreached : run.state === "cancelled" ? text.chat.stopped : run.state === "expired" ? text.chat.expired : text.chat.failed
  return (
    <div className="e turn">
      <span />
      <div className={run.state === "failed" ? "note bad" : "note"} role={run.state === "failed" ? "alert" : "status"}>
        <p>
          <b>{say}</b> {unreached ? null : run.error?.detail}
        </p>
        {unreached ? (
          <Link className="link" to={paths.settings}>
            {text.task.devices}
          </Link>
        ) : run.error?.next_step ? (
          <p>{run.error.next_step}</p>
        ) : null}
        {isModel ? (
          <Link className="link" to={paths.settingsModels}>
            {text.model.settings}
          </Link>
        ) : null}
      </div>
    </div>
  )
}
