import { useQuery } from "@tanstack/react-query"
import { type ReactNode, type Ref, useImperativeHandle, useRef, useState } from "react"
import { Link } from "react-router"
import { ApiProblem, asProblem } from "../../api/client"
import type { Problem, Terminal } from "../../api/model"
import { asksPassword } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { type Handle, TerminalView } from "../../ui/terminal/View"
import { historyQuery } from "./api"
import { DriveBar } from "./DriveBar"
import { FindBar } from "./FindBar"
import { lastRun } from "./history"
import { ComposeBar, KeyBar } from "./KeyBar"
import { nameOf, standing } from "./name"
import { PasswordCard } from "./PasswordCard"

export interface Opening {
  isOpening: boolean
  problem: Error | null
  onOpen: (from: { cwd?: string; host?: string }) => void
}

interface Props extends Opening {
  terminal: Terminal
  /** Whether it is what the page is about. */
  isMain?: boolean
  ref?: Ref<{ find: () => void }>
  /** Out of the terminal by keyboard; without it, to the first button above. */
  onLeave?: () => void
  /** What stands at the end of the line above. */
  children?: ReactNode
}

/** One terminal: who drives it, its screen, and its keyboard. */
export function Pane({ terminal, isMain = false, ref, onLeave, children, ...opening }: Props) {
  const text = useText()
  const view = useRef<Handle>(null)
  const pane = useRef<HTMLElement>(null)
  const told = useQuery(historyQuery(terminal.id)).data
  const [isThere, setThere] = useState(false)
  const [isCtrl, setCtrl] = useState(false)
  const [isFinding, setFinding] = useState(false)
  const [found, setFound] = useState({ at: 0, of: 0 })
  const [refused, setRefused] = useState<Problem>()
  useImperativeHandle(ref, () => ({ find: () => setFinding(true) }), [])
  const isRunning = terminal.state === "running"
  const leave = () => pane.current?.querySelector<HTMLElement>(".strip :is(button:enabled, a)")?.focus()
  const Element = isMain ? "main" : "section"
  return (
    <Element id={isMain ? "content" : undefined} className="pane" aria-label={nameOf(terminal, text)} ref={pane}>
      <DriveBar terminal={terminal} run={lastRun(terminal, told?.items ?? [])} isThere={isThere} onTaken={() => view.current?.focus()}>
        {children}
      </DriveBar>
      {isFinding ? <FindBar id={terminal.id} view={view} found={found} onClose={() => setFinding(false)} /> : null}
      <Outcome terminal={terminal} {...opening} />
      {refused && isRunning ? <ProblemNote problem={new ApiProblem(refused)} /> : null}
      {terminal.state === "opening" || terminal.state === "refused" ? (
        <span className="vt" />
      ) : (
        <TerminalView
          terminal={terminal}
          ref={view}
          isCtrl={isCtrl}
          onReleased={() => setCtrl(false)}
          onFound={(at, of) => setFound({ at, of })}
          onLine={setThere}
          onRefused={setRefused}
          onLeave={onLeave ?? leave}
        />
      )}
      {asksPassword(terminal) ? <PasswordCard terminal={terminal} onSent={() => view.current?.focus()} onCancel={() => view.current?.press("\u0003")} /> : null}
      {isRunning ? (
        <>
          <ComposeBar view={view} isCtrl={isCtrl} />
          <KeyBar view={view} isCtrl={isCtrl} onCtrl={setCtrl} />
        </>
      ) : null}
    </Element>
  )
}

/** What stands in the way, if anything does, and the next step. */
function Outcome({ terminal, isOpening, problem, onOpen }: { terminal: Terminal } & Opening) {
  const text = useText()
  const format = useFormat()
  const { state, reachable, cwd, detail } = terminal
  if (state === "opening") return <Loading say={() => text.terminal.opening(terminal.host)} />
  if (state === "running") {
    return reachable ? null : (
      <div className="note bad" role="status">
        <p>
          <b>{text.terminal.unreachableTitle(terminal.host)}</b>{" "}
          {terminal.unreachable_since ? `${text.terminal.unreachableSince(format.short(terminal.unreachable_since))} ` : ""}
          {text.terminal.unreachableNext}
        </p>
      </div>
    )
  }
  const { word } = standing(terminal, text)
  const [title, say] = {
    lost: [text.terminal.lostTitle, text.terminal.lostNote],
    refused: [text.terminal.refusedTitle, detail ?? text.terminal.refusedNote],
    ended: [text.terminal.endedTitle(word), text.terminal.endedNote],
  }[state]
  return (
    <div className={state === "ended" ? "note" : "note bad"}>
      <p>
        <b>{title}</b> {say}
      </p>
      <div className="acts">
        <button type="button" className="btn sm" disabled={isOpening} onClick={() => onOpen({ host: terminal.host, ...(cwd ? { cwd } : {}) })}>
          {text.terminal.another}
        </button>
        {state === "refused" ? null : (
          <Link className="btn sm" to={paths.replay(terminal.id)}>
            {text.terminal.replay}
          </Link>
        )}
      </div>
      <ProblemNote problem={problem ? asProblem(problem) : null} />
    </div>
  )
}
