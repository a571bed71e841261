/// <reference lib="webworker" />
// The service worker keeps the shell for when there is no connection, and shows notifications. It never stores an answer of
// the API, and a notification says nothing of what is asked.
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching"
import { NavigationRoute, registerRoute } from "workbox-routing"
import { push as en } from "./i18n/push/en"
import { push as he } from "./i18n/push/he"
import { type Notice, readNotice } from "./notice"

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] }

cleanupOutdatedCaches()
precacheAndRoute(self.__WB_MANIFEST)
registerRoute(new NavigationRoute(createHandlerBoundToURL("/index.html"), { denylist: [/^\/api\//, /^\/(?:healthz|readyz)$/] }))

self.addEventListener("message", (event) => {
  const data: unknown = event.data
  if (data !== null && typeof data === "object" && "type" in data && data.type === "SKIP_WAITING") void self.skipWaiting()
})

self.addEventListener("push", (event) => {
  const notice = readNotice(event.data?.text())
  if (notice) event.waitUntil(show(notice))
})

async function show(notice: Notice): Promise<void> {
  if (notice.kind === "withdrawal") {
    for (const shown of await self.registration.getNotifications({ tag: notice.id })) shown.close()
    return
  }
  const { lock } = notice.lang === "he" ? he : en
  const isTest = notice.kind === "test"
  await self.registration.showNotification(isTest ? lock.test : lock.approval, {
    body: isTest ? lock.testBody : lock.approvalBody,
    tag: isTest ? "test" : notice.id,
    icon: "/icon-192.png",
    lang: notice.lang,
    dir: notice.lang === "he" ? "rtl" : "ltr",
    data: { open: isTest ? "/settings#notifications" : `/approvals/${notice.id}` },
  })
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close()
  const { open } = event.notification.data as { open: string }
  event.waitUntil(lead(open))
})

/** Brings a page of ours to the front and has it open `path`; opens one where there is none. */
async function lead(path: string): Promise<void> {
  const [page] = await self.clients.matchAll({ type: "window", includeUncontrolled: true })
  if (!page) {
    await self.clients.openWindow(path)
    return
  }
  await page.focus()
  page.postMessage({ open: path })
}
