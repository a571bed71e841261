// What a card says beforehand about undoing its command: it can be, it can't and why, or nobody knows.
import type { Forecast } from "../api/model"
import { useFormat, useText } from "../i18n"

export function Undoable({ forecast }: { forecast: Forecast | null }) {
  const text = useText().undo
  const say = text.forecast
  const format = useFormat()
  switch (forecast?.will) {
    case undefined:
      return <p className="meta">{say.unknown}</p>
    case "unsure":
      return <p className="meta">{say.unsure}</p>
    case "nothing":
      return <p className="meta">{say.nothing}</p>
    case "not":
      return (
        <p className="meta">
          <b>{text.not}</b> {text.why[forecast.why]}
        </p>
      )
    case "keeps": {
      const gaps = forecast.gaps ?? []
      // Of a folder that is empty as yet only what is not known is worth a word.
      const kept = gaps.length > 0 && forecast.files === 0 ? "" : say.keeps(forecast.files, format.bytes(forecast.bytes))
      return (
        <div className="meta">
          <p>
            <b>{gaps.length > 0 ? say.part : say.can}</b> {kept}
          </p>
          {gaps.map((gap) => (
            <p key={gap}>{say.gap[gap]}</p>
          ))}
        </div>
      )
    }
  }
}
