import { Link } from "react-router"
import type { Terminal } from "../../api/model"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Icon } from "../../ui/Icon"
import { byOf, nameOf, waitsForOwner } from "./name"

interface Props {
  current: string | undefined
  open: readonly Terminal[]
  isOpening: boolean
  onOpen: () => void
}

/** Every open terminal, by who drives it, and the way to another one. */
export function Tabs({ current, open, isOpening, onOpen }: Props) {
  const text = useText()
  const format = useFormat()
  return (
    <nav className="tabs" aria-label={text.terminal.open}>
      <Link className="tabs-home" to={paths.terminals} aria-current={current === undefined ? "page" : undefined}>
        {text.terminal.title}
      </Link>
      {open.map((terminal) => (
        <Link key={terminal.id} to={paths.terminal(terminal.id)} aria-current={terminal.id === current ? "page" : undefined}>
          <span className="mark" data-by={byOf(terminal)}>
            <span className="vh">{text.terminal.drives[byOf(terminal)]}</span>
          </span>
          <bdi className="m">{nameOf(terminal, text)}</bdi>
          {terminal.name === "" ? <bdi className="m">{format.time(terminal.created_at)}</bdi> : null}
          {waitsForOwner(terminal) ? (
            <span className="lamp lit">
              <span className="vh">{text.chat.waits}</span>
            </span>
          ) : null}
        </Link>
      ))}
      <button type="button" aria-label={text.terminal.new} title={text.terminal.new} disabled={isOpening} onClick={onOpen}>
        <Icon name="plus" />
      </button>
    </nav>
  )
}
