import { useQuery } from "@tanstack/react-query"
import { useCallback, useRef, useState } from "react"
import { Link } from "react-router"
import { ApiProblem, asProblem } from "../../api/client"
import type { Fact, Problem, Terminal } from "../../api/model"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { type Handle, TerminalView } from "../../ui/terminal/View"
import { useTitle } from "../../ui/title"
import { terminalQuery } from "./api"
import { DriveBar } from "./DriveBar"
import { FindBar } from "./FindBar"
import { ComposeBar, KeyBar } from "./KeyBar"
import { nameOf, standing, waitsForOwner } from "./name"
import { Panel } from "./Panel"
import { PasswordCard } from "./PasswordCard"

interface Opening {
  isOpening: boolean
  problem: Error | null
  onOpen: (from: { cwd?: string; host?: string }) => void
}

/** One terminal: its screen, its keyboard, and what stands beside them. */
export function Session({ id, ...opening }: { id: string } & Opening) {
  const text = useText()
  const query = useQuery(terminalQuery(id))
  const terminal = query.data
  useTitle(terminal ? nameOf(terminal, text) : text.terminal.title)
  if (!terminal)
    return (
      <main id="content" className="terms-list">
        <div className="page narrow">
          <ProblemNote problem={query.error ? asProblem(query.error) : null} />
          {query.error ? (
            <Link className="btn" to={paths.terminals}>
              {text.terminal.all}
            </Link>
          ) : (
            <Loading />
          )}
        </div>
      </main>
    )
  return <Shown terminal={terminal} {...opening} />
}

/** The run that last held the keyboard, or whose command this is: to it the keyboard goes back. */
function lastRun(terminal: Terminal, facts: readonly Fact[]): string | undefined {
  if (terminal.driver.by === "ai") return terminal.driver.run
  const drivers = facts.map((fact) => (fact.data as { driver?: Terminal["driver"] } | null)?.driver)
  const last = drivers.findLast((driver) => driver?.by === "ai")
  return last?.by === "ai" ? last.run : (terminal.run_id ?? undefined)
}

function Shown({ terminal, ...opening }: { terminal: Terminal } & Opening) {
  const text = useText()
  const view = useRef<Handle>(null)
  const [facts, setFacts] = useState<readonly Fact[]>([])
  const [isThere, setThere] = useState(false)
  const [isCtrl, setCtrl] = useState(false)
  const [isPanelOpen, setPanelOpen] = useState(false)
  const [isFinding, setFinding] = useState(false)
  const [found, setFound] = useState({ at: 0, of: 0 })
  const [refused, setRefused] = useState<Problem>()
  const hear = useCallback((fact: Fact) => setFacts((known) => (known.some((it) => it.eid === fact.eid) ? known : [...known, fact])), [])
  const isRunning = terminal.state === "running"
  const run = lastRun(terminal, facts)
  const pane = useRef<HTMLDivElement>(null)
  // The first button beside the terminal that can be seen, on whichever side it stands.
  const leave = () => [...(pane.current?.querySelectorAll<HTMLElement>(".strip button:enabled, .side button:enabled") ?? [])].find((it) => it.checkVisibility())?.focus()
  return (
    <div className={isPanelOpen ? "work open" : "work"} ref={pane}>
      <main id="content" className="pane" aria-label={nameOf(terminal, text)}>
        <DriveBar terminal={terminal} run={run} isThere={isThere} isPanelOpen={isPanelOpen} onPanel={() => setPanelOpen(!isPanelOpen)} onTaken={() => view.current?.focus()} />
        {isFinding ? <FindBar id={terminal.id} view={view} found={found} onClose={() => setFinding(false)} /> : null}
        <Outcome terminal={terminal} {...opening} />
        {refused ? <ProblemNote problem={new ApiProblem(refused)} /> : null}
        {terminal.state === "opening" || terminal.state === "refused" ? (
          <span className="vt" />
        ) : (
          <TerminalView
            terminal={terminal}
            ref={view}
            isCtrl={isCtrl}
            onReleased={() => setCtrl(false)}
            onFact={hear}
            onFound={(at, of) => setFound({ at, of })}
            onLine={setThere}
            onRefused={setRefused}
            onLeave={leave}
          />
        )}
        {waitsForOwner(terminal) ? (
          <PasswordCard terminal={terminal} onSent={() => view.current?.focus()} onCancel={() => view.current?.press("\u0003")} />
        ) : null}
        {isRunning ? (
          <>
            <ComposeBar view={view} isCtrl={isCtrl} />
            <KeyBar view={view} isCtrl={isCtrl} onCtrl={setCtrl} />
          </>
        ) : null}
      </main>
      <Panel
        terminal={terminal}
        facts={facts}
        run={run}
        onFind={() => {
          setFinding(true)
          setPanelOpen(false)
        }}
      />
    </div>
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
