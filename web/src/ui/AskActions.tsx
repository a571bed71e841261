// What the owner can answer to a request, and what each answer still needs: a reason, other words, a rule, the password.
import { type ReactNode, useId, useState } from "react"
import { isCommand, type Question } from "../api/model"
import { wantsReauth } from "../api/query"
import { bodyOf } from "../api/rule"
import { useText } from "../i18n"
import type { Answering } from "./answering"
import type { Remaining } from "./countdown"
import { Hold } from "./Hold"
import { ProblemNote } from "./Problem"
import { Reauth } from "./Reauth"
import { RuleForm } from "./RuleForm"

type Step = "choose" | "deny" | "edit" | "rule"

interface Props extends Answering {
  approval: Question
  left: Remaining
  children?: ReactNode
  /** Opens at the reason and offers nothing else. */
  onBack?: () => void
}

export function AskActions(props: Props) {
  const { approval, left, onDecide, onAgain, onForget, busy, problem, children, onBack } = props
  const text = useText()
  const [step, setStep] = useState<Step>(onBack === undefined ? "choose" : "deny")
  // Asked about something else since: what was begun for the words before is over.
  const [nonce, setNonce] = useState(approval.nonce)
  if (approval.nonce !== nonce) {
    setNonce(approval.nonce)
    if (onBack === undefined) setStep("choose")
  }
  const back = () => {
    onForget()
    setStep("choose")
  }
  if (approval.state !== "waiting") return null
  if (left.seconds === 0) return <p className="meta">{text.approval.over}</p>
  if (approval.digest === "") return <p className="meta" role="status">{text.rule.measuring}</p>
  if (problem && wantsReauth(problem)) return <Reauth lead={step === "rule" ? text.rule.reauthLead : text.approval.reauthLead} onDone={onAgain} onBack={onForget} />
  if (step === "deny") return <Deny {...props} onBack={onBack ?? back} />
  if (step === "edit") return <Edit {...props} onBack={back} />
  if (step === "rule" && approval.proposal)
    return (
      <RuleForm
        draft={bodyOf(approval.proposal.rule)}
        mayOpen={approval.proposal.may_open}
        chat={approval.chat_id}
        offerAuto
        submit={text.rule.allowAnd}
        busy={busy}
        problem={problem}
        onSubmit={(rule, auto) => onDecide("allow_rule", { rule, auto })}
        onBack={back}
      />
    )
  return (
    <>
      <ProblemNote problem={problem} />
      <div className="acts">
        {approval.risk === "high" ? (
          <Hold label={text.approval.hold} disabled={busy} onHeld={() => onDecide("allow_once")} />
        ) : (
          <button type="button" className="btn ink" disabled={busy} onClick={() => onDecide("allow_once")}>
            {approval.hand ? text.approval.hand.allow(approval.hand.minutes) : text.approval.allow}
          </button>
        )}
        {children}
        {isCommand(approval) && (approval.exec.power.as === "agent" || approval.exec.power.as === "root") ? (
          <button type="button" className="btn" disabled={busy} onClick={() => setStep("edit")}>
            {text.rule.edit}
          </button>
        ) : null}
        {approval.proposal ? (
          <button type="button" className="btn" disabled={busy} onClick={() => setStep("rule")}>
            {text.rule.always}
          </button>
        ) : null}
        <button type="button" className="btn firm end" disabled={busy} onClick={() => setStep("deny")}>
          {text.approval.deny}
        </button>
      </div>
      {approval.no_rule ? (
        <details>
          <summary className="meta">{text.rule.noRule}</summary>
          <p className="meta">
            <bdi>{approval.no_rule}</bdi>
          </p>
        </details>
      ) : null}
    </>
  )
}

function Deny({ onDecide, busy, problem, onBack }: Props & { onBack: () => void }) {
  const text = useText()
  const [reason, setReason] = useState("")
  const id = useId()
  return (
    <form
      className="denying"
      onSubmit={(event) => {
        event.preventDefault()
        const given = reason.trim()
        onDecide("deny", given ? { reason: given } : {})
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
        <button type="button" className="btn" onClick={onBack}>
          {text.approval.back}
        </button>
      </div>
    </form>
  )
}

/** Other words in the place of the AI's. They are asked about anew, so nothing runs by this. */
function Edit({ approval, onDecide, busy, problem, onBack }: Props & { onBack: () => void }) {
  const text = useText()
  const asked = approval.exec?.command ?? ""
  const [command, setCommand] = useState(asked)
  const id = useId()
  return (
    <form
      className="denying"
      onSubmit={(event) => {
        event.preventDefault()
        onDecide("edit", { command })
      }}
    >
      <label htmlFor={id}>{text.rule.command}</label>
      {/* eslint-disable-next-line jsx-a11y/no-autofocus -- the owner has just asked for this field */}
      <textarea id={id} className="field m" dir="ltr" rows={Math.min(12, command.split("\n").length + 1)} autoFocus required spellCheck={false} autoCapitalize="none" autoCorrect="off" value={command} aria-describedby={`${id}h`} onChange={(event) => setCommand(event.target.value)} />
      <p className="meta" id={`${id}h`}>
        {text.rule.editLead}
      </p>
      <ProblemNote problem={problem} />
      <div className="acts">
        <button type="submit" className="btn ink" disabled={busy || command === asked}>
          {text.rule.useIt}
        </button>
        <button type="button" className="btn" onClick={onBack}>
          {text.approval.back}
        </button>
      </div>
    </form>
  )
}
