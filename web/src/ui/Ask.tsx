// The approval card: who asks (rail), that it is your turn (lamp), how long (wick), what exactly (command).
import { useId, useMemo } from "react"
import { type Approval, isCommand, type Question } from "../api/model"
import { useText } from "../i18n"
import { useAnswering } from "./answering"
import { AskActions } from "./AskActions"
import { Begun } from "./Begun"
import { Claim } from "./Claim"
import { Command } from "./Command"
import { Elevation, Outside } from "./Elevation"
import { clockText, type Remaining, remaining, useNow } from "./countdown"
import { Effects } from "./Effects"
import { HandBody } from "./HandBody"
import { Keep } from "./Keep"
import { hiddenCount, type Known } from "./reveal"
import { Machine, Revealed } from "./Revealed"
import { Undoable } from "./Undoable"
import { Wick } from "./Wick"

export function useRemaining(approval: Question): Remaining {
  const now = useNow(approval.state === "waiting")
  return remaining(approval.asked_at, approval.expires_at, now)
}

/** What of the command's words the judge and the measurement found: programs, and the paths that it touches. */
export function knownOf({ effects, measure }: Question): Known {
  const { reads = [], writes = [], deletes = [], sensitive = [], programs = [] } = effects ?? {}
  return { programs: [...(measure?.programs.map((program) => program.word) ?? []), ...programs], paths: [...reads, ...writes, ...deletes, ...sensitive] }
}

/** Whom the command runs as, or the program that would be typed into. */
export const userOf = ({ exec, hand, measure }: Question): string => measure?.user ?? exec?.user ?? hand?.user ?? "?"

/** The card as it stands in a transcript. */
export function Ask({ approval, settle }: { approval: Question; settle?: number }) {
  const text = useText()
  const id = useId()
  const left = useRemaining(approval)
  const answering = useAnswering(approval, { settle })
  return (
    <Keep as="article" card className="ask rail" data-by="ai" aria-labelledby={id}>
      <Wick left={left} />
      <div className="in">
        <header>
          <span className="lamp lit" />
          <h3 id={id}>{text.approval.waitsFor}</h3>
          <span className="meta">
            {text.approval.risk[approval.risk]} · {text.approval.as} <Machine text={userOf(approval)} />
          </span>
          <Begun by={approval.run_actor} />
          <span className="remain end">
<bdi>{clockText(left.seconds)}</bdi>
</span>
        </header>
        <AskBody approval={approval} />
        <AskActions approval={approval} left={left} {...answering} />
      </div>
    </Keep>
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
  const { exec, measure } = approval
  const known = useMemo(() => knownOf(approval), [approval])
  const hidden = hiddenCount(exec.command)
  return (
    <>
      <Elevation power={exec.power} plan={measure?.packages ?? null} />
      <Command text={exec.command} known={known} />
      {exec.edited_from ? (
        <div className="edited">
          <span className="meta">{text.rule.editedFrom}</span>
          <Command text={exec.edited_from} />
        </div>
      ) : null}
      {hidden > 0 ? <p className="risk">{text.approval.hidden(hidden)}</p> : null}
      <Outside taint={approval.taint ?? null} />
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
              <bdi>
                <Revealed text={reason} />
              </bdi>
            </li>
          ))}
        </ul>
      ) : null}
      <Effects approval={approval} />
      {approval.state === "waiting" && approval.digest !== "" ? <Undoable forecast={exec.forecast ?? null} /> : null}
    </>
  )
}
