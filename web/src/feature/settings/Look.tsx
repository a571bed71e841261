import { useQuery } from "@tanstack/react-query"
import { asProblem } from "../../api/client"
import { settingsQuery, useChangeSettings } from "../../api/settings"
import { isLanguage, LANGUAGES, setLanguage, setTimezone, useLocale, useText } from "../../i18n"
import { ProblemNote } from "../../ui/Problem"
import { Select } from "../../ui/Select"
import { isTheme, setTheme, shownTheme, THEMES } from "../../ui/theme"
import { allZones, ownZone } from "../../ui/zone"

export function Look() {
  const text = useText()
  const language = useLocale((store) => store.language)
  const settings = useQuery(settingsQuery)
  const change = useChangeSettings()
  const zone = settings.data?.settings.timezone ?? "UTC"
  const chosen = settings.data?.settings.theme
  const theme = isTheme(chosen) ? chosen : shownTheme()
  return (
    <section aria-labelledby="look">
      <h2 id="look">{text.settings.look}</h2>
      <ProblemNote problem={change.error ? asProblem(change.error) : settings.error && !settings.data ? asProblem(settings.error) : null} />
      <div className="stack two">
        <Select
          label={text.settings.language}
          value={language}
          options={LANGUAGES.map((it) => ({ value: it, label: text.common.language[it] }))}
          onValue={(value) => {
            if (!isLanguage(value)) return
            setLanguage(value)
            change.mutate({ language: value })
          }}
        />
        <Select
          label={text.settings.theme}
          value={theme}
          options={THEMES.map((it) => ({ value: it, label: text.settings.themes[it] }))}
          onValue={(value) => {
            if (!isTheme(value)) return
            setTheme(value)
            change.mutate({ theme: value })
          }}
        />
        <Select
          label={text.settings.timezone}
          machine
          value={zone}
          options={allZones(zone, ownZone()).map((it) => ({ value: it, label: it }))}
          onValue={(value) => {
            setTimezone(value)
            change.mutate({ timezone: value })
          }}
        />
      </div>
      {settings.data && zone !== ownZone() ? (
        <p className="under">
          <button type="button" className="link" onClick={() => change.mutate({ timezone: ownZone() })}>
            {text.settings.detected(ownZone())}
          </button>
        </p>
      ) : null}
    </section>
  )
}
