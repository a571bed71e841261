import { type ReactNode, useEffect, useRef } from "react"
import { Link } from "react-router"
import type { Terminal } from "../../api/model"
import { asksPassword } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Icon } from "../../ui/Icon"
import { byOf, nameOf } from "./name"

interface Props {
  current: string | undefined
  open: readonly Terminal[]
  /** Whether the way to all terminals stands in front. */
  home?: boolean
  isOpening: boolean
  onOpen: () => void
  /** Shows another one in the same place, instead of on a page of its own. */
  onPick?: (id: string) => void
  /** What stands at the end. */
  children?: ReactNode
}

/** Every open terminal, by who drives it, and the way to another one. */
export function Tabs({ current, open, home = false, isOpening, onOpen, onPick, children }: Props) {
  const text = useText()
  const tabs = useRef<HTMLElement>(null)
  const isListed = open.some(({ id }) => id === current)
  // Among many, the one that is shown may be out of sight.
  useEffect(() => {
    if (isListed) tabs.current?.querySelector(".tab[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" })
  }, [current, isListed])
  return (
    <nav className="tabs" aria-label={text.terminal.open} ref={tabs}>
      {home ? (
        <Link className="tabs-home" to={paths.terminals} aria-current={current === undefined ? "page" : undefined}>
          {text.terminal.title}
        </Link>
      ) : null}
      {open.map((terminal) => {
        const isCurrent = terminal.id === current
        return onPick ? (
          <button key={terminal.id} type="button" className="tab" aria-current={isCurrent ? "true" : undefined} onClick={() => onPick(terminal.id)}>
            <Tab terminal={terminal} />
          </button>
        ) : (
          <Link key={terminal.id} className="tab" to={paths.terminal(terminal.id)} aria-current={isCurrent ? "page" : undefined}>
            <Tab terminal={terminal} />
          </Link>
        )
      })}
      <button type="button" className="tabs-new" aria-label={text.terminal.new} title={text.terminal.new} disabled={isOpening} onClick={onOpen}>
        <Icon name="plus" />
      </button>
      {children}
    </nav>
  )
}

function Tab({ terminal }: { terminal: Terminal }) {
  const text = useText()
  const format = useFormat()
  return (
    <>
      <span className="mark" data-by={byOf(terminal)}>
        <span className="vh">{text.terminal.drives[byOf(terminal)]}</span>
      </span>
      <bdi className="m">{nameOf(terminal, text)}</bdi>
      {terminal.name === "" ? <bdi className="m">{format.time(terminal.created_at)}</bdi> : null}
      {asksPassword(terminal) ? (
        <span className="lamp lit">
          <span className="vh">{text.chat.waits}</span>
        </span>
      ) : null}
    </>
  )
}
