// What the service worker and the server need to know of this page: where a tapped notification leads, and what is shown.
import { useEffect } from "react"
import { useLocation } from "react-router"
import { link } from "../api/connection"
import { ownDevice } from "../api/push"
import { innerPath } from "../nav/paths"

/** Follows a tapped notification to its page, without loading this one anew. */
export function followNotices(open: (path: string) => void): void {
  if (!("serviceWorker" in navigator)) return
  navigator.serviceWorker.addEventListener("message", (event: MessageEvent<unknown>) => {
    const { data } = event
    if (data !== null && typeof data === "object" && "open" in data && typeof data.open === "string") open(innerPath(data.open))
  })
}

/** Says which chat this device shows, so that it is not notified of what is seen anyway. */
export function useShown(): void {
  const { pathname } = useLocation()
  useEffect(() => {
    const chat = /^\/chat\/(cht_[0-9a-z]{26})$/.exec(pathname)?.[1]
    const tell = () => link.show(ownDevice(), document.visibilityState === "visible" ? chat : undefined)
    tell()
    document.addEventListener("visibilitychange", tell)
    return () => document.removeEventListener("visibilitychange", tell)
  }, [pathname])
}
