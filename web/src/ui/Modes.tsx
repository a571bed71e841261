import type { Mode } from "../api/model"
import { useText } from "../i18n"

/** Modes to choose from, each with what it means. */
export function Modes<M extends Mode>({ modes, value, onValue, title, seen = false }: { modes: readonly M[]; value: M; onValue: (mode: M) => void; title: string; seen?: boolean }) {
  const text = useText()
  return (
    <fieldset>
      <legend className={seen ? "" : "vh"}>{title}</legend>
      {modes.map((mode) => (
        <label key={mode} className="check">
          <input type="radio" name="mode" value={mode} checked={value === mode} onChange={() => onValue(mode)} />
          <span>
            <b>{text.rule.mode.name[mode]}</b> <span className="meta">{text.rule.mode.says[mode]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
