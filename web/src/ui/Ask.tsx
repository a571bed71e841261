// The approval card: who asks (rail), that it is your turn (lamp), how long (wick), what exactly (command).
import { type ReactNode, useId, useState } from "react"
import { type Approval, isCommand, type Question } from "../api/model"
import { wantsReauth } from "../api/query"
import { useText } from "../i18n"
import { type Answering, useAnswering } from "./answering"
import { Claim } from "./Claim"
import { Command } from "./Command"
import { clockText, type Remaining, remaining, useNow } from "./countdown"
import { effectChips } from "./effect"
import { ProblemNote } from "./Problem"
import { Reauth } from "./Reauth"
import { HandBody } from "./HandBody"
import { hiddenCount } from "./reveal"
import { Wick } from "./Wick"

export function useRemaining(approval: Question): Remaining {
  const now = useNow(approval.state === "waiting")
  return remaining(approval.asked_at, approval.expires_at, now)
}

/** The words of the command that name programs, as the judge and the measurement found them. */
export const programsOf = ({ effects, measure }: Question): string[] => [...(measure?.programs.map((program) => program.word) ?? []), ...(effects?.programs ?? [])]

/** Whom the command runs as, or the program that would be typed into. */
export const userOf = ({ exec, hand, measure }: Question): string => measure?.user ?? exec?.user ?? hand?.user ?? "?"

/** The card as it stands in a transcript. */
export function Ask({ approval }: { approval: Question }) {
  const text = useText()
  const id = useId()
  const left = useRemaining(approval)
  const answering = useAnswering(approval)
  return (
    <article className="ask rail" data-by="ai" aria-labelledby={id}>
      <Wick left={left} />
      <div className="in">
        <header>
          <span className="lamp lit" />
          <h3 id={id}>{text.approval.waitsFor}</h3>
          <span className="meta">
            {text.approval.risk[approval.risk]} · {text.approval.as} <bdi className="m">{userOf(approval)}</bdi>
          </span>
          <span className="remain end">
<bdi>{clockText(left.seconds)}</bdi>
</span>
        </header>
        <AskBody approval={approval} />
        <AskActions approval={approval} left={left} {...answering} />
      </div>
    </article>
  )
}

/** What is asked, in full. */
export function AskBody({ approval }: { approval: Question }) {
  if (isCommand(approval)) return <CommandBody approval={approval} />
  return approval.hand ? <HandBody hand={approval.hand} /> : null
}

/** A command: its text, claim, reasons, effects, place. */
function CommandBody({ approval }: { approval: Approval }) {
  const text = useText()
  const { exec, effects, measure } = approval
  const hidden = hiddenCount(exec.command)
  const chips = effects ? effectChips(effects, text.approval.effect) : []
  const loose = measure?.scripts.filter((script) => !script.bound) ?? []
  const folder = measure?.cwd ?? exec.cwd
  return (
    <>
      <Command text={exec.command} programs={programsOf(approval)} />
      {hidden > 0 ? <p className="risk">{text.approval.hidden(hidden)}</p> : null}
      {approval.risk === "high" ? <p className="risk">{text.approval.highRisk}</p> : null}
      {exec.why ? (
        <p className="says">
          <span className="meta">{text.approval.says}</span> <Claim text={exec.why} />
        </p>
      ) : (
        <p className="meta">{text.approval.saysNothing}</p>
      )}
      {exec.reasons.length > 0 ? (
        <ul className="reasons" aria-label={text.approval.why}>
          {exec.reasons.map((reason) => (
            <li key={reason} className="meta">
              <bdi>{reason}</bdi>
            </li>
          ))}
        </ul>
      ) : null}
      <ul className="chips" aria-label={text.approval.effects}>
        {chips.map((chip) => (
          <li key={`${chip.word} ${chip.value}`} className={chip.hard ? "tag hard" : "tag"}>
            {chip.word} {chip.value ? <bdi className="m">{chip.value}</bdi> : null}
          </li>
        ))}
        {loose.map((script) => (
          <li key={script.path} className="tag hard">
            {text.approval.script(script.path)}, {text.approval.notBound}
          </li>
        ))}
        {folder ? (
          <li className="tag">
            {text.approval.inFolder} <bdi className="m">{folder}</bdi>
          </li>
        ) : null}
        {exec.interactive ? <li className="tag">{text.approval.hand.interactive}</li> : null}
        <li className="tag">
          {text.approval.on} <bdi className="m">{exec.host}</bdi>
        </li>
      </ul>
    </>
  )
}

/** Allow once, or deny with a reason; the password again where the API wants it. */
export function AskActions({
  approval,
  left,
  onDecide,
  onAgain,
  onForget,
  busy,
  problem,
  children,
  onBack,
}: { approval: Question; left: Remaining; children?: ReactNode; /** Opens at the reason and offers nothing else. */ onBack?: () => void } & Answering) {
  const text = useText()
  const [denying, setDenying] = useState(onBack !== undefined)
  const [reason, setReason] = useState("")
  const id = useId()
  if (approval.state !== "waiting") return null
  if (left.seconds === 0) return <p className="meta">{text.approval.over}</p>
  if (problem && wantsReauth(problem)) return <Reauth lead={text.approval.reauthLead} onDone={onAgain} onBack={onForget} />
  if (denying)
    return (
      <form
        className="denying"
        onSubmit={(event) => {
          event.preventDefault()
          onDecide("deny", reason.trim())
        }}
      >
        <label className="meta" htmlFor={id}>
          {text.approval.reason}
        </label>
        {/* eslint-disable-next-line jsx-a11y/no-autofocus -- the owner has just asked for this field */}
        <input id={id} className="field" dir={reason ? "auto" : undefined} autoFocus maxLength={500} placeholder={text.approval.reasonHint} value={reason} onChange={(event) => setReason(event.target.value)} />
        <ProblemNote problem={problem} />
        <div className="acts">
          <button type="submit" className="btn ink" disabled={busy}>
            {text.approval.denyNow}
          </button>
          <button type="button" className="btn" onClick={() => (onBack ? onBack() : setDenying(false))}>
            {text.approval.back}
          </button>
        </div>
      </form>
    )
  return (
    <>
      <ProblemNote problem={problem} />
      <div className="acts">
        <button type="button" className="btn ink" disabled={busy} onClick={() => onDecide("allow_once")}>
          {approval.hand ? text.approval.hand.allow(approval.hand.minutes) : text.approval.allow}
        </button>
        {children}
        <button type="button" className="btn firm end" disabled={busy} onClick={() => setDenying(true)}>
          {text.approval.deny}
        </button>
      </div>
    </>
  )
}
