/// <reference lib="webworker" />
// The service worker keeps the shell for when there is no connection. It never stores an answer of the API.
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching"
import { NavigationRoute, registerRoute } from "workbox-routing"

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] }

cleanupOutdatedCaches()
precacheAndRoute(self.__WB_MANIFEST)
registerRoute(new NavigationRoute(createHandlerBoundToURL("/index.html"), { denylist: [/^\/api\//, /^\/(?:healthz|readyz)$/] }))

self.addEventListener("message", (event) => {
  const data: unknown = event.data
  if (data !== null && typeof data === "object" && "type" in data && data.type === "SKIP_WAITING") void self.skipWaiting()
})
