import { useQuery } from "@tanstack/react-query"
import { useEffect, useState } from "react"
import { Link, NavLink, Outlet, ScrollRestoration, useNavigation } from "react-router"
import { sessionQuery, useTerminalSigns, useWaiting } from "../api/query"
import { useLink } from "../api/socket"
import { useFormat, useText } from "../i18n"
import { paths } from "../nav/paths"
import { Icon } from "../ui/Icon"
import { Said } from "../ui/Said"
import { HaltBanner } from "./HaltBanner"
import { useNews } from "./news"
import { useShown } from "./notice"
import { adopt } from "./preference"
import { takeUpdate, useUpdate } from "./update"

/** Rail or bottom bar, banners, and the room beside them. */
export function Frame() {
  const text = useText()
  const moving = useNavigation().state === "loading"
  const { data: session } = useQuery(sessionQuery)
  useShown()
  useNews()
  useEffect(() => {
    if (session) adopt(session)
  }, [session])
  return (
    <>
      <a className="skip" href="#content">
        {text.nav.skip}
      </a>
      <Nav />
      <div className="body" aria-busy={moving}>
        <HaltBanner />
        <Banners warnings={session?.warnings ?? []} />
        <Outlet />
      </div>
      <Said />
      <ScrollRestoration />
    </>
  )
}

function Nav() {
  const text = useText()
  const waiting = useWaiting().length
  const { asking, driven } = useTerminalSigns()
  return (
    <nav className="nav" aria-label={text.nav.main}>
      <Link className="logo" to={paths.now} aria-label="MetatronOS">
        <span />
      </Link>
      <ul>
        <li>
          <NavLink to={paths.now} end>
            <Icon name="now" />
            <span>{text.nav.now}</span>
          </NavLink>
        </li>
        <li>
          <NavLink to={paths.chats}>
            <Icon name="chat" />
            <span>{text.nav.chat}</span>
          </NavLink>
        </li>
        <li>
          <NavLink to={paths.approvals}>
            {waiting > 0 ? (
              <span className="count" aria-hidden="true">
                {waiting}
              </span>
            ) : (
              <span className="lamp" />
            )}
            <span>{text.nav.approvals}</span>
            {waiting > 0 ? <span className="vh">{text.nav.waiting(waiting)}</span> : null}
          </NavLink>
        </li>
        <li>
          <NavLink to={paths.terminals}>
            <Icon name="term" />
            {asking > 0 ? <span className="lamp lit sign" /> : driven > 0 ? <span className="mark sign" data-by="ai" /> : null}
            <span>{text.nav.terminals}</span>
            {asking > 0 ? <span className="vh">{text.terminal.navAsks(asking)}</span> : null}
            {driven > 0 ? <span className="vh">{text.terminal.navDriven}</span> : null}
          </NavLink>
        </li>
        <li className="wide">
          <NavLink to={paths.schedule}>
            <Icon name="cal" />
            <span>{text.task.title}</span>
          </NavLink>
        </li>
        <li>
          <NavLink to={paths.settings}>
            <Icon name="gear" />
            <span>{text.nav.settings}</span>
          </NavLink>
        </li>
      </ul>
      <p className="foot">
        <LinkChip />
      </p>
    </nav>
  )
}

function LinkChip() {
  const text = useText()
  const format = useFormat()
  const { state, since } = useLink()
  return (
    <span className={`live-chip ${state}`} role="status">
      {state === "offline" ? text.link.offline(format.time(since)) : text.link[state]}
    </span>
  )
}

const HIDDEN = "metatron.hidden"

function hiddenWarnings(): string[] {
  try {
    return JSON.parse(sessionStorage.getItem(HIDDEN) ?? "[]") as string[]
  } catch {
    return []
  }
}

function Banners({ warnings }: { warnings: readonly string[] }) {
  const text = useText()
  const format = useFormat()
  const update = useUpdate((store) => store.waiting)
  const { state, since } = useLink()
  const [hidden, setHidden] = useState(hiddenWarnings)
  const all = [...warnings, ...(window.isSecureContext || warnings.includes("insecure") ? [] : ["insecure"])]
  const say = (code: string) => (code === "runs_without_root" || code === "insecure" || code === "rules_behind" ? text.warn[code] : text.warn.other(code))
  const hide = (code: string) => {
    const next = [...hidden, code]
    setHidden(next)
    try {
      sessionStorage.setItem(HIDDEN, JSON.stringify(next))
    } catch {
      // Hidden until the next page load, then.
    }
  }
  return (
    <>
      {state === "offline" ? (
        <p className="banner offline" role="status">
          <span>
            {text.link.offline(format.time(since))}. {text.problem.offlineNext}
          </span>
        </p>
      ) : null}
      {update ? (
        <p className="banner" role="status">
          <span>{text.common.update}</span>
          <button type="button" className="link" onClick={() => takeUpdate(update)}>
            {text.common.reload}
          </button>
        </p>
      ) : null}
      {all
        .filter((code) => !hidden.includes(code))
        .map((code) => (
          <p key={code} className="banner">
            <span>{say(code)}</span>
            <button type="button" className="later" aria-label={text.warn.dismiss} title={text.warn.dismiss} onClick={() => hide(code)}>
              <Icon name="x" size={16} />
            </button>
          </p>
        ))}
    </>
  )
}
