import type { ReactNode } from "react"
import { asProblem } from "../../api/client"
import type { Terminal } from "../../api/model"
import { useText } from "../../i18n"
import { useNow } from "../../ui/countdown"
import { Icon } from "../../ui/Icon"
import { ProblemNote } from "../../ui/Problem"
import { Machine } from "../../ui/Revealed"
import { useHand, useTake } from "./api"
import { byOf, standing, timeLeft } from "./name"

/** Minutes for which one press hands the keyboard over. */
const AT_ONCE = 10

interface Props {
  terminal: Terminal
  /** The run to which the keyboard would go back. */
  run: string | undefined
  /** Whether keys reach it. */
  isThere: boolean
  onTaken: () => void
  /** What stands at the end. */
  children?: ReactNode
}

/** Whose the keyboard is, and the one button that changes it. */
export function DriveBar({ terminal, run, isThere, onTaken, children }: Props) {
  const text = useText()
  const take = useTake(terminal.id)
  const hand = useHand(terminal.id)
  const problem = take.error ?? hand.error
  const isRunning = terminal.state === "running"
  const by = byOf(terminal)
  return (
    <>
      <div className="strip">
        <span className="mark" data-by={by}>
          {isRunning ? text.terminal.drives[by] : text.terminal.drove[by]}
        </span>
        <span className="meta ell" role="status">
          {isRunning && !isThere ? text.terminal.noLine : <Standing terminal={terminal} />}
        </span>
        {isRunning && terminal.viewers > 1 ? <span className="meta nowrap viewers">{text.terminal.viewers(terminal.viewers)}</span> : null}
        <span className="end" />
        {isRunning && by === "ai" ? (
          <button type="button" className="btn ink" disabled={take.isPending} onClick={() => take.mutate(undefined, { onSuccess: onTaken })}>
            <Icon name="key" />
            {text.terminal.take}
          </button>
        ) : null}
        {isRunning && by === "you" && run ? (
          <button type="button" className="btn firm" disabled={hand.isPending} title={text.terminal.handFor(AT_ONCE)} onClick={() => hand.mutate({ run, minutes: AT_ONCE, note: "" })}>
            {text.terminal.hand}
          </button>
        ) : null}
        {children}
      </div>
      <ProblemNote problem={problem ? asProblem(problem) : null} />
    </>
  )
}

function Standing({ terminal }: { terminal: Terminal }) {
  const text = useText()
  const { driver } = terminal
  const now = useNow(driver.by === "ai" && Boolean(driver.until))
  const say = text.terminal
  if (terminal.state !== "running" || !terminal.reachable) return standing(terminal, text).word
  const left = timeLeft(terminal, now)
  if (driver.by === "owner") return terminal.waits === "password" ? say.atPassword : terminal.program ? <Machine text={terminal.program} /> : null
  return (
    <>
      <span className="word">
        {driver.paused ? say.paused : terminal.waits === "input" ? say.waitsInput : say.anyKey}
        {left ? " · " : null}
      </span>
      {left ? <bdi>{say.left(left)}</bdi> : null}
    </>
  )
}
