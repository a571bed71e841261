import { useState } from "react"
import { asProblem } from "../../api/client"
import { useChangeSettings } from "../../api/settings"
import { LANGUAGES, setLanguage, setTimezone, useLocale, useText } from "../../i18n"
import { ProblemNote } from "../../ui/Problem"
import { Select } from "../../ui/Select"
import { allZones, ownZone } from "../../ui/zone"

/** Language and time zone, both detected: one tap if they are right. */
export function Place({ onDone }: { onDone: () => void }) {
  const text = useText()
  const language = useLocale((store) => store.language)
  const [zone, setZone] = useState(ownZone)
  const change = useChangeSettings()
  const keep = () => {
    setTimezone(zone)
    change.mutate({ language, timezone: zone }, { onSuccess: onDone })
  }
  return (
    <div className="stack">
      <Select
        label={text.settings.language}
        value={language}
        onValue={(value) => LANGUAGES.filter((it) => it === value).forEach(setLanguage)}
        options={LANGUAGES.map((it) => ({ value: it, label: text.common.language[it] }))}
      />
      <Select label={text.settings.timezone} machine value={zone} onValue={setZone} options={allZones(zone).map((it) => ({ value: it, label: it }))} />
      <ProblemNote problem={change.error ? asProblem(change.error) : null} />
      <div className="acts">
        <button type="button" className="btn ink" disabled={change.isPending} onClick={keep}>
          {text.setup.placeOk}
        </button>
      </div>
    </div>
  )
}
