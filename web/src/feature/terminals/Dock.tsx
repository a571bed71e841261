import { useQuery } from "@tanstack/react-query"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import { openTerminalsQuery } from "../../api/query"
import { useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { setDock, useDock } from "../../ui/dock"
import { Icon } from "../../ui/Icon"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { terminalQuery, useOpen } from "./api"
import { Pane } from "./Pane"
import { Tabs } from "./Tabs"

/** Terminals beside a conversation. Commands of the AI are shown in the conversation itself, and so not here. */
export function Dock() {
  const text = useText()
  const list = useQuery(openTerminalsQuery)
  const wanted = useDock((store) => store.terminal)
  const opening = useOpen((terminal) => setDock({ terminal: terminal.id }))
  const open = list.data?.filter(({ kind }) => kind !== "command") ?? []
  // The one that was shown last stays, also when it is over meanwhile.
  const current = wanted ?? open[0]?.id
  return (
    <div className="terms docked">
      <Tabs current={current} open={open} isOpening={opening.isPending} onOpen={() => opening.mutate({})} onPick={(terminal) => setDock({ terminal })}>
        <button type="button" className="dock-close" aria-label={text.terminal.dockClose} title={text.terminal.dockClose} onClick={() => setDock({ isOpen: false })}>
          <Icon name="x" size={16} />
        </button>
      </Tabs>
      {current ? (
        <Docked key={current} id={current} isOpening={opening.isPending} problem={opening.error} onOpen={opening.mutate} />
      ) : (
        <div className="terms-list dock-none">
          <ProblemNote problem={opening.error ? asProblem(opening.error) : list.error && !list.data ? asProblem(list.error) : null} />
          {list.isPending ? <Loading /> : <p className="meta">{text.terminal.none}</p>}
          <button type="button" className="btn ink" disabled={opening.isPending} onClick={() => opening.mutate({})}>
            <Icon name="plus" size={16} />
            {text.terminal.new}
          </button>
        </div>
      )}
    </div>
  )
}

interface Opening {
  isOpening: boolean
  problem: Error | null
  onOpen: (from: { cwd?: string; host?: string }) => void
}

function Docked({ id, ...opening }: { id: string } & Opening) {
  const text = useText()
  const query = useQuery(terminalQuery(id))
  if (query.data)
    return (
      <Pane terminal={query.data} {...opening}>
        <Link className="later" to={paths.terminal(id)} aria-label={text.terminal.toPage} title={text.terminal.toPage}>
          <Icon name="more" />
        </Link>
      </Pane>
    )
  return (
    <div className="terms-list dock-none">
      {query.error ? (
        <>
          <ProblemNote problem={asProblem(query.error)} />
          <button type="button" className="btn" onClick={() => setDock({ terminal: undefined })}>
            {text.terminal.another}
          </button>
        </>
      ) : (
        <Loading />
      )}
    </div>
  )
}
