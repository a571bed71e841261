import { useMemo, useState } from "react"
import { Link } from "react-router"
import { useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Act } from "../../ui/Act"
import { knownOf, useRemaining } from "../../ui/Ask"
import { AskActions } from "../../ui/AskActions"
import { Begun } from "../../ui/Begun"
import { type Standing, useAnswering } from "../../ui/answering"
import { Command } from "../../ui/Command"
import { clockText } from "../../ui/countdown"
import { HandBody } from "../../ui/HandBody"
import { Keep } from "../../ui/Keep"
import { Gone } from "../../ui/Outcome"
import { hiddenCount } from "../../ui/reveal"
import { Wick } from "../../ui/Wick"

/** A waiting approval on Now: small enough to list, with the whole command. Only low risk is allowed from here. */
export function WaitCard({ question: approval, gone, place }: Standing) {
  const text = useText()
  const left = useRemaining(approval)
  const answering = useAnswering(approval, { place })
  const [denying, setDenying] = useState(false)
  const known = useMemo(() => knownOf(approval), [approval])
  const { exec, hand } = approval
  const hidden = exec ? hiddenCount(exec.command) : 0
  const easy = approval.risk === "low" && hidden === 0
  if (gone)
    return (
      <Keep as="article" card className="note w" aria-label={text.approval.title}>
        <Gone question={approval} problem={answering.problem} />
        <Link className="link" to={paths.approval(approval.id)}>
          {text.now.review}
        </Link>
      </Keep>
    )
  return (
    <Keep as="article" card part="deny" className="ask w rail" data-by="ai" aria-label={text.approval.waitsFor}>
      <Wick left={left} />
      <div className="in">
        <div className="who1">
          <span className="who">{text.common.ai}</span>
          <Begun by={approval.run_actor} />
          <span className="meta">
            <bdi>{approval.chat_title}</bdi> · {text.approval.risk[approval.risk]}
          </span>
          <span className="remain end">
<bdi>{clockText(left.seconds)}</bdi>
</span>
        </div>
        {exec ? <Command text={exec.command} known={known} /> : null}
        {hand ? <HandBody hand={hand} /> : null}
        {hidden > 0 ? <p className="risk">{text.approval.hidden(hidden)}</p> : null}
        {denying ? (
          <AskActions approval={approval} left={left} onBack={() => setDenying(false)} {...answering} />
        ) : easy ? (
          <AskActions approval={approval} left={left} {...answering}>
            <Link className="btn" to={paths.approval(approval.id)}>
              {text.now.review}
            </Link>
          </AskActions>
        ) : (
          <div className="acts">
            <Link className="btn ink" to={paths.approval(approval.id)}>
              {text.now.review}
            </Link>
            <Act className="btn firm" part="deny" dead={answering.fresh} onClick={() => setDenying(true)}>
              {text.approval.deny}
            </Act>
          </div>
        )}
      </div>
    </Keep>
  )
}
