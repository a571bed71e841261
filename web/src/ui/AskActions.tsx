// What the owner can answer to a request, and what each answer still needs: a reason, other words, a rule, the password.
import { useQuery } from "@tanstack/react-query"
import { type ReactNode, useId, useState } from "react"
import { isCommand, type Proposal, type Question } from "../api/model"
import { chatQuery, wantsReauth } from "../api/query"
import { bodyOf } from "../api/rule"
import { useText } from "../i18n"
import { Act } from "./Act"
import type { Answering } from "./answering"
import { type Remaining, useNow } from "./countdown"
import { Hold } from "./Hold"
import { Keep } from "./Keep"
import { modeOf } from "./mode"
import { ProblemNote } from "./Problem"
import { Reauth } from "./Reauth"
import { RuleForm } from "./RuleForm"

/** As the API takes it. */
const LONGEST_REASON = 2000

type Step = "choose" | "deny" | "edit" | "rule"

interface Props extends Answering {
  approval: Question
  left: Remaining
  children?: ReactNode
  /** Opens at the reason and offers nothing else. */
  onBack?: () => void
}

/** The keyboard stays here, whatever takes the place of what was pressed. */
export function AskActions(props: Props) {
  const { approval, onBack, onForget } = props
  const [step, setStep] = useState<Step>(onBack === undefined ? "choose" : "deny")
  const [from, setFrom] = useState<Step | "allow">()
  // Asked about something else since: what was begun for the words before is over.
  const [nonce, setNonce] = useState(approval.nonce)
  if (approval.nonce !== nonce) {
    setNonce(approval.nonce)
    if (onBack === undefined) setStep("choose")
  }
  const back = () => {
    onForget()
    setFrom(step)
    setStep("choose")
  }
  return (
    <Keep part={from}>
      <Shown
        {...props}
        onForget={() => {
          onForget()
          setFrom("allow")
        }}
        step={step}
        onStep={setStep}
        back={onBack ?? back}
      />
    </Keep>
  )
}

type ShownProps = Props & { step: Step; onStep: (step: Step) => void; back: () => void }

function Shown({ step, onStep, back, ...props }: ShownProps) {
  const { approval, left, onAgain, onForget, problem } = props
  const text = useText()
  if (approval.state !== "waiting") return null
  if (approval.digest === "") return <p className="meta" role="status">{text.rule.measuring}</p>
  if (problem && wantsReauth(problem)) return <Reauth lead={step === "rule" ? text.rule.reauthLead : text.approval.reauthLead} onDone={onAgain} onBack={onForget} />
  if (step === "deny") return <Deny {...props} onBack={back} />
  if (left.seconds === 0) return <Late {...props} onDeny={() => onStep("deny")} />
  if (step === "edit") return <Edit {...props} onBack={back} />
  if (step === "rule" && approval.proposal) return <Always {...props} proposal={approval.proposal} onBack={back} />
  return <Choose {...props} onStep={onStep} />
}

function Choose({ approval, onDecide, busy, fresh, problem, children, onStep }: Props & { onStep: (step: Step) => void }) {
  const text = useText()
  const dead = busy || fresh
  return (
    <>
      <ProblemNote problem={problem} />
      <div className="acts">
        {approval.risk === "high" ? (
          <Hold part="allow" label={text.approval.hold} dead={dead} onHeld={() => onDecide("allow_once")} />
        ) : (
          <Act className="btn ink" part="allow" dead={dead} onClick={() => onDecide("allow_once")}>
            {approval.hand ? text.approval.hand.allow(approval.hand.minutes) : text.approval.allow}
          </Act>
        )}
        {children}
        {isCommand(approval) && (approval.exec.power.as === "agent" || approval.exec.power.as === "root") ? (
          <Act className="btn" part="edit" dead={dead} onClick={() => onStep("edit")}>
            {text.rule.edit}
          </Act>
        ) : null}
        {approval.proposal ? (
          <Act className="btn" part="rule" dead={dead} onClick={() => onStep("rule")}>
            {text.rule.always}
          </Act>
        ) : null}
        <Act className="btn firm end" part="deny" dead={dead} onClick={() => onStep("deny")}>
          {text.approval.deny}
        </Act>
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

/** Its time seems to be up. The server has the last word: a no is taken as long as it counts. */
function Late({ problem, fresh, busy, onDeny }: Props & { onDeny: () => void }) {
  const text = useText()
  return (
    <>
      <p className="meta">{text.approval.late}</p>
      <ProblemNote problem={problem} />
      <div className="acts">
        <Act className="btn firm" part="deny" dead={busy || fresh} onClick={onDeny}>
          {text.approval.deny}
        </Act>
      </div>
    </>
  )
}

/** A rule made with the answer. Whether it counts from now on is a matter of the mode: of the chat, or of the token that its words came from. */
function Always({ approval, proposal, busy, problem, onDecide, onBack }: Props & { proposal: Proposal; onBack: () => void }) {
  const { rule: say } = useText()
  const { data: chat } = useQuery(chatQuery(approval.chat_id))
  const now = useNow(false)
  const byToken = approval.run_actor.kind === "token"
  const mode = chat ? modeOf(chat, now).mode : undefined
  return (
    <RuleForm
      draft={bodyOf(proposal.rule)}
      mayOpen={proposal.may_open}
      chat={approval.chat_id}
      // In auto it counts already, and full is not to be taken back by the way.
      offerAuto={!byToken && (mode === "ask" || mode === "plan")}
      note={byToken ? say.byToken : mode === "full" ? say.inFull : undefined}
      submit={say.allowAnd}
      busy={busy}
      problem={problem}
      onSubmit={(rule, auto) => onDecide("allow_rule", { rule, auto })}
      onBack={onBack}
    />
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
        if (busy) return
        const given = reason.trim()
        onDecide("deny", given ? { reason: given } : {})
      }}
    >
      <label className="meta" htmlFor={id}>
        {text.approval.reason}
      </label>
      {/* eslint-disable-next-line jsx-a11y/no-autofocus -- the owner has just asked for this field */}
      <input id={id} className="field" dir={reason ? "auto" : undefined} autoFocus maxLength={LONGEST_REASON} placeholder={text.approval.reasonHint} value={reason} onChange={(event) => setReason(event.target.value)} />
      <ProblemNote problem={problem} />
      <div className="acts">
        <Act type="submit" className="btn ink" dead={busy}>
          {text.approval.denyNow}
        </Act>
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
        if (!busy && command !== asked) onDecide("edit", { command })
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
        <Act type="submit" className="btn ink" dead={busy || command === asked}>
          {text.rule.useIt}
        </Act>
        <button type="button" className="btn" onClick={onBack}>
          {text.approval.back}
        </button>
      </div>
    </form>
  )
}
