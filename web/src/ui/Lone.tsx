import type { ReactNode } from "react"
import { LANGUAGES, setLanguage, useLocale, useText } from "../i18n"
import { useTitle } from "./title"

/** A page before anybody is inside: one question, nothing around it. */
export function Lone({ title, lead, step, children }: { title: string; lead?: string; step?: string; children: ReactNode }) {
  const text = useText()
  const language = useLocale((store) => store.language)
  useTitle(title)
  return (
    <main id="content" className="lone">
      <div className="lone-head">
        <span className="logo" aria-hidden="true">
          <span />
        </span>
        <span className="meta">MetatronOS</span>
        <span className="seg end" role="group" aria-label={text.settings.language}>
          {LANGUAGES.map((it) => (
            <button key={it} type="button" lang={it} aria-pressed={it === language} onClick={() => setLanguage(it)}>
              {text.common.language[it]}
            </button>
          ))}
        </span>
      </div>
      {step ? <p className="meta">{step}</p> : null}
      <h1>{title}</h1>
      {lead ? <p className="lead">{lead}</p> : null}
      {children}
    </main>
  )
}
