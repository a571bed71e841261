// The one place that knows every room and which door leads to it.
import { createBrowserRouter, redirect } from "react-router"
import { ApiProblem } from "../api/client"
import { cache, link, onSignedOut } from "../api/connection"
import { sessionQuery, setupQuery } from "../api/query"
import { innerPath, paths } from "../nav/paths"
import { Beside } from "./Beside"
import { Frame } from "./Frame"
import { followNotices } from "./notice"
import { adopt } from "./preference"
import { Broken, Lost, Starting } from "./states"

const isUnreachable = (cause: unknown) => cause instanceof ApiProblem && (cause.status === 0 || cause.status >= 500)

/** Sends to the setup or the login when one of them is due. Without a connection the shell still opens. */
async function signedIn({ request }: { request: Request }) {
  try {
    const session = await cache.query({ ...sessionQuery, retry: false })
    if (session) {
      adopt(session)
      link.start()
      return null
    }
    const setup = await cache.query({ ...setupQuery, retry: false })
    if (setup.state === "unclaimed") return redirect(paths.setup + new URL(location.href).hash)
  } catch (cause) {
    if (isUnreachable(cause)) {
      link.start()
      return null
    }
    throw cause
  }
  const url = new URL(request.url)
  return redirect(url.pathname === paths.now ? paths.login : `${paths.login}?to=${encodeURIComponent(url.pathname)}`)
}

async function unclaimedOrWizard() {
  const [setup, session] = await Promise.all([cache.query(setupQuery), cache.query(sessionQuery)])
  const { wizardIsOpen } = await import("../feature/setup/step")
  if (setup.state === "unclaimed" || (session && wizardIsOpen())) {
    if (session) link.start()
    return null
  }
  return redirect(paths.now)
}

async function signedOutOnly({ request }: { request: Request }) {
  const [setup, session] = await Promise.all([cache.query(setupQuery), cache.query(sessionQuery)])
  if (setup.state === "unclaimed") return redirect(paths.setup)
  return session ? redirect(innerPath(new URL(request.url).searchParams.get("to"))) : null
}

const page = (load: () => Promise<{ default: React.ComponentType }>) => async () => ({ Component: (await load()).default })

export const router = createBrowserRouter([
  {
    ErrorBoundary: Broken,
    HydrateFallback: Starting,
    children: [
      { path: paths.setup, loader: unclaimedOrWizard, shouldRevalidate: () => false, lazy: page(() => import("../feature/setup/Page")) },
      { path: paths.login, loader: signedOutOnly, shouldRevalidate: () => false, lazy: page(() => import("../feature/login/Page")) },
      {
        loader: signedIn,
        shouldRevalidate: () => false,
        Component: Frame,
        children: [
          {
            ErrorBoundary: Broken,
            children: [
              { path: paths.now, lazy: page(() => import("../feature/now/Page")) },
              { Component: Beside, children: [{ path: "/chat/:id?", lazy: page(() => import("../feature/chat/Page")) }] },
              { path: "/approvals/:id?", lazy: page(() => import("../feature/approvals/Page")) },
              { path: "/terminals/:id?", lazy: page(() => import("../feature/terminals/Page")) },
              { path: "/terminals/:id/replay", lazy: page(() => import("../feature/terminals/ReplayPage")) },
              { path: paths.schedule, lazy: page(() => import("../feature/schedule/Page")) },
              { path: paths.settings, lazy: page(() => import("../feature/settings/Page")) },
              { path: paths.audit, lazy: page(() => import("../feature/audit/Page")) },
              { path: "*", Component: Lost },
            ],
          },
        ],
      },
    ],
  },
])

onSignedOut(() => router.navigate(paths.login, { flushSync: true }))
followNotices((path) => void router.navigate(path))
