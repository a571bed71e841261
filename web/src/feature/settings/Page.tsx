import { useMutation } from "@tanstack/react-query"
import { useEffect } from "react"
import { Link, useLocation } from "react-router"
import { api, asProblem, body } from "../../api/client"
import { signedOut } from "../../api/connection"
import { useText } from "../../i18n"
import { API_DOCS, paths } from "../../nav/paths"
import { ProblemNote } from "../../ui/Problem"
import { useTitle } from "../../ui/title"
import { Elevated } from "./Elevated"
import { Instruction } from "./Instruction"
import { Look } from "./Look"
import { Machines } from "./Machines"
import { Models } from "./Models"
import { Notifications } from "./Notifications"
import { Snapshots } from "./Snapshots"
import { Tokens } from "./Tokens"
import { Unattended } from "./Unattended"

export default function SettingsPage() {
  const text = useText()
  const { hash } = useLocation()
  const leave = useMutation({ mutationFn: () => body(api.POST("/api/v1/logout")), onSuccess: signedOut })
  useTitle(text.settings.title)
  useEffect(() => {
    if (hash) document.getElementById(hash.slice(1))?.scrollIntoView()
  }, [hash])
  return (
    <main id="content" className="app">
      <div className="page narrow">
        <header className="head">
          <h1>{text.settings.title}</h1>
        </header>
        <Models />
        <Machines />
        <Snapshots />
        <Tokens />
        <Elevated />
        <Unattended />
        <Notifications />
        <Look />
        <Instruction />
        <section aria-labelledby="audit">
          <h2 id="audit">{text.audit.title}</h2>
          <p className="meta under">{text.audit.lead}</p>
          <div className="acts">
            <Link className="btn" to={paths.audit}>
              {text.audit.open}
            </Link>
          </div>
        </section>
        <section aria-labelledby="session">
          <h2 id="session">{text.settings.session}</h2>
          <ProblemNote problem={leave.error ? asProblem(leave.error) : null} />
          <div className="acts">
            <button type="button" className="btn" disabled={leave.isPending} onClick={() => leave.mutate()}>
              {text.settings.signOut}
            </button>
            <a className="btn bare" href={API_DOCS}>
              {text.settings.apiDocs}
            </a>
          </div>
        </section>
      </div>
    </main>
  )
}
