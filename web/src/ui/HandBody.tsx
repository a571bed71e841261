import type { HandAsk } from "../api/model"
import { useText } from "../i18n"
import { Claim } from "./Claim"
import { Command } from "./Command"
import { Machine } from "./Revealed"
import { hiddenCount } from "./reveal"

/** What the AI would type, in one line for a list. */
export const handLine = ({ text, keys }: HandAsk): string => [text.trimEnd(), ...keys.map((key) => `[${key}]`)].filter(Boolean).join(" ")

/** The AI wants the keyboard of a terminal: of which, for how long, and what it would type first. */
export function HandBody({ hand }: { hand: HandAsk }) {
  const text = useText()
  const say = text.approval.hand
  const hidden = hiddenCount(hand.text)
  return (
    <>
      <p>
        {say.wants(hand.minutes)}{" "}
        <Machine text={hand.name || hand.program || text.terminal.shell} />
      </p>
      {hand.kind === "owner" ? <p className="risk">{say.yours}</p> : null}
      <p className="meta">{say.first}</p>
      {hand.text ? <Command text={hand.text} /> : null}
      {hand.keys.length > 0 ? (
        <p className="meta">
          {say.presses} <Machine text={hand.keys.join(" ")} />
        </p>
      ) : null}
      {hidden > 0 ? <p className="risk">{say.hidden(hidden)}</p> : null}
      {hand.why ? (
        <p className="says">
          <span className="meta">{text.approval.says}</span> <Claim text={hand.why} />
        </p>
      ) : (
        <p className="meta">{text.approval.saysNothing}</p>
      )}
      <p className="meta">{say.meaning}</p>
      <ul className="chips" aria-label={say.place}>
        {hand.program ? (
          <li className="tag">
            {say.inFront} <Machine text={hand.program} />
          </li>
        ) : null}
        {hand.cwd ? (
          <li className="tag">
            {text.approval.inFolder} <Machine text={hand.cwd} />
          </li>
        ) : null}
        <li className="tag">
          {text.approval.on} <Machine text={hand.host} />
        </li>
      </ul>
    </>
  )
}
