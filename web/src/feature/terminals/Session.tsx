import { useQuery } from "@tanstack/react-query"
import { useRef, useState } from "react"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import type { Terminal } from "../../api/model"
import { useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Icon } from "../../ui/Icon"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { useTitle } from "../../ui/title"
import { historyQuery, terminalQuery } from "./api"
import { lastRun } from "./history"
import { nameOf } from "./name"
import { type Opening, Pane } from "./Pane"
import { Panel } from "./Panel"

/** One terminal on its own page: its pane, and what stands beside it. */
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

function Shown({ terminal, ...opening }: { terminal: Terminal } & Opening) {
  const text = useText()
  const told = useQuery(historyQuery(terminal.id))
  const [isPanelOpen, setPanelOpen] = useState(false)
  const work = useRef<HTMLDivElement>(null)
  const pane = useRef<{ find: () => void }>(null)
  // The first button beside the terminal that can be seen, on whichever side it stands.
  const leave = () => [...(work.current?.querySelectorAll<HTMLElement>(".strip button:enabled, .side button:enabled") ?? [])].find((it) => it.checkVisibility())?.focus()
  return (
    <div className={isPanelOpen ? "work open" : "work"} ref={work}>
      <Pane terminal={terminal} isMain ref={pane} onLeave={leave} {...opening}>
        <button type="button" className="later more-btn" aria-label={text.terminal.details} title={text.terminal.details} aria-expanded={isPanelOpen} onClick={() => setPanelOpen(!isPanelOpen)}>
          <Icon name="more" />
        </button>
      </Pane>
      <Panel
        terminal={terminal}
        told={told}
        run={lastRun(terminal, told.data?.items ?? [])}
        onFind={() => {
          pane.current?.find()
          setPanelOpen(false)
        }}
      />
    </div>
  )
}
