import { useState } from "react"
import { Link } from "react-router"
import type { Exec } from "../../api/model"
import { fetchTail } from "../../api/output"
import { useFormat, useText } from "../../i18n"
import type { Messages } from "../../i18n/en"
import { paths } from "../../nav/paths"
import { CommandLine } from "../../ui/Command"
import { clockText, useNow } from "../../ui/countdown"
import { Elsewhere } from "../../ui/Outcome"
import { Machine } from "../../ui/Revealed"
import { useTail } from "../../ui/tail"
import { unrun } from "../../ui/unrun"
import { ExecUndo } from "../../ui/Undo"

const SHORT = 12

/** How a command stands, in one word, and whether that is good. */
export function outcome(exec: Exec, text: Messages): { word: string; tone: "ok" | "fail" | "who" | "muted" } {
  const { exit, state } = exec
  if (state === "running" || state === "approved" || state === "preparing") return { word: text.exec[state], tone: "who" }
  if (state !== "ended") return { word: text.exec[state], tone: state === "unknown" || state === "refused" ? "fail" : "muted" }
  switch (exit?.how) {
    case "code":
      return { word: text.exec.code(exit.code), tone: exit.code === 0 ? "ok" : "fail" }
    case "signal":
      return { word: text.exec.signal(exit.signal), tone: "fail" }
    case "timeout":
      return { word: text.exec.timeout(exit.after_s), tone: "fail" }
    case "stopped":
      return { word: text.exec.stopped, tone: "fail" }
    default:
      return { word: text.exec.ended, tone: "muted" }
  }
}

/** One command: what ran, how it stands, and its output as it comes. */
export function ToolCard({ exec }: { exec: Exec }) {
  const text = useText()
  const format = useFormat()
  const running = exec.state === "running"
  const now = useNow(running)
  const [open, setOpen] = useState(false)
  const tail = useTail(exec)
  const { word, tone } = outcome(exec, text)
  const took = exec.started_at ? (exec.ended_at ? Date.parse(exec.ended_at) : now) - Date.parse(exec.started_at) : undefined
  const note = unrun(exec, text)
  const shown = open ? tail.lines : running || exec.truncated ? tail.lines.slice(-SHORT) : tail.lines.slice(0, SHORT)
  const hidden = tail.lines.length - shown.length
  const expand = () => {
    setOpen(!open)
    if (!open && exec.truncated && !running) void fetchTail(exec.terminal_id, exec.output_bytes).catch(() => undefined)
  }
  return (
    <article className={running ? "tool run" : "tool"} aria-label={exec.command}>
      <header>
        <CommandLine text={exec.command} />
        {exec.power.as === "agent" || exec.power.as === "git" ? null : <span className="tag hard">{text.elevated.tag}</span>}
        {exec.host === "local" ? null : (
          <span className="tag">
            <Machine text={exec.host} />
          </span>
        )}
        <span className={`m end nowrap ${tone}`}>{word}</span>
        {took === undefined ? null : <bdi className="m nowrap muted">{running ? clockText(Math.floor(Math.max(0, took) / 1000)) : format.duration(took)}</bdi>}
      </header>
      {note ? <p className="said-why meta">{note}</p> : null}
      {exec.approval_id ? <Elsewhere approval={exec.approval_id} /> : null}
      {exec.under ? <p className="said-why meta">{exec.under.under === "full" ? text.rule.byFull : text.rule.byRule}</p> : null}
      {exec.edited_from ? (
        <p className="said-why meta">
          {text.rule.editedFrom} <CommandLine text={exec.edited_from} />
        </p>
      ) : null}
      {open && (tail.cut > 0 || tail.cutBytes) ? <p className="cut meta">{tail.cut > 0 ? text.exec.cut(tail.cut) : text.exec.bytes(format.bytes(exec.output_bytes))}</p> : null}
      {shown.length > 0 || running ? (
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard
        <pre tabIndex={0} className={open ? "open" : ""} aria-label={text.exec.output}>
          {shown.join("\n")}
          {running ? <span className="cur" /> : null}
        </pre>
      ) : null}
      {exec.state === "ended" && tail.lines.length === 0 ? <p className="said-why meta">{text.exec.noOutput}</p> : null}
      <ExecUndo exec={exec} />
      {hidden > 0 || open || exec.started_at || (exec.truncated && !running) ? (
        <footer>
          {hidden > 0 || open || (exec.truncated && !running) ? (
            <button type="button" className="link" aria-expanded={open} onClick={expand}>
              {open ? text.exec.showLess : exec.truncated || tail.cut > 0 ? text.exec.showTail : text.exec.showAll(tail.lines.length)}
            </button>
          ) : null}
          {exec.started_at ? (
            <Link className="link" to={paths.terminal(exec.terminal_id)}>
              {text.terminal.toTerminal}
            </Link>
          ) : null}
          {exec.output_bytes > 0 ? <span className="end"><bdi>{format.bytes(exec.output_bytes)}</bdi></span> : null}
        </footer>
      ) : null}
    </article>
  )
}
