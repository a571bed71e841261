import { useState } from "react"
import { useNavigate } from "react-router"
import { asProblem } from "../../api/client"
import { useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { useTitle } from "../../ui/title"
import { useSend } from "./api"
import { Composer } from "./Composer"

/** A chat that does not exist yet: three safe things to ask, or the owner's own words. */
export function Start() {
  const text = useText()
  const navigate = useNavigate()
  const [draft, setDraft] = useState("")
  const send = useSend(undefined, (id) => void navigate(paths.chat(id)))
  useTitle(text.chat.title)
  return (
    <main id="content" className="thread start">
      <div className="welcome">
        <h1>{text.chat.start}</h1>
        <p className="lead">{text.chat.startLead}</p>
        <ul className="prompts">
          {text.chat.prompts.map((prompt) => (
            <li key={prompt}>
              <button type="button" className="rail" data-by="you" disabled={send.isPending} onClick={() => send.mutate(prompt)}>
                {prompt}
              </button>
            </li>
          ))}
        </ul>
      </div>
      <Composer
        draft={draft}
        onDraft={setDraft}
        busy={send.isPending}
        problem={send.error ? asProblem(send.error) : null}
        onSend={() => send.mutate(draft.trim())}
      />
    </main>
  )
}
