// The service worker: registers it, and tells when a newer one waits.
import { create } from "zustand"

interface UpdateStore {
  waiting: ServiceWorker | undefined
}

export const useUpdate = create<UpdateStore>(() => ({ waiting: undefined }))

interface TrustedTypes {
  createPolicy: (name: string, rules: { createScriptURL: (url: string) => string }) => { createScriptURL: (url: string) => unknown }
}

const WORKER = "/sw.js"

/** Under Trusted Types a script's address must come from a policy; this one knows a single address. */
function workerUrl(): string {
  const { trustedTypes } = window as { trustedTypes?: TrustedTypes }
  if (!trustedTypes) return WORKER
  const policy = trustedTypes.createPolicy("metatron-worker", {
    createScriptURL: (url) => {
      if (url !== WORKER) throw new TypeError("not our service worker")
      return url
    },
  })
  return policy.createScriptURL(WORKER) as string
}

export function watchUpdates(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return
  void navigator.serviceWorker.register(workerUrl(), { scope: "/" }).then(
    (registration) => {
      const offer = () => {
        if (registration.waiting && navigator.serviceWorker.controller) useUpdate.setState({ waiting: registration.waiting })
      }
      offer()
      registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer))
    },
    () => undefined, // no worker: the application works, only not offline
  )
}

/** Lets the new version take over, then shows it. */
export function takeUpdate(waiting: ServiceWorker): void {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true })
  waiting.postMessage({ type: "SKIP_WAITING" })
}
