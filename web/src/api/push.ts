// Whether this browser can be notified, and making it a device that is. Knows the browser's side; the list is a query.
import { queryOptions } from "@tanstack/react-query"
import { api, body } from "./client"
import { keys } from "./keys"

const KEPT = "metatron.device"

/** Why this browser can't be notified, or that it can. */
export type PushSupport = "ready" | "insecure" | "install" | "denied" | "unsupported"

export function pushSupport(): PushSupport {
  if (!window.isSecureContext) return "insecure"
  // Safari on iOS says that it is not installed; there only the installed app has notifications.
  if ((navigator as { standalone?: boolean }).standalone === false) return "install"
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return "unsupported"
  return Notification.permission === "denied" ? "denied" : "ready"
}

/** The id under which the server knows this browser, if it notifies it. */
export function ownDevice(): string | undefined {
  try {
    return localStorage.getItem(KEPT) ?? undefined
  } catch {
    return undefined
  }
}

function keepDevice(id: string | undefined): void {
  try {
    if (id === undefined) localStorage.removeItem(KEPT)
    else localStorage.setItem(KEPT, id)
  } catch {
    // Not kept: the list does not know which of its devices this is.
  }
}

export const devicesQuery = queryOptions({ queryKey: keys.devices, queryFn: () => body(api.GET("/api/v1/push/devices")) })

/** Bytes of base64url. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"))
  return Uint8Array.from(binary, (char) => char.charCodeAt(0))
}

const sameKey = (known: ArrayBuffer | null, wanted: Uint8Array) => known !== null && new Uint8Array(known).every((byte, at) => byte === wanted[at])

/** Asks the owner's leave, subscribes, and makes this browser a device. Undefined where the owner says no. */
export async function subscribe(publicKey: string, name: string): Promise<string | undefined> {
  if ((await Notification.requestPermission()) !== "granted") return undefined
  const { pushManager } = await navigator.serviceWorker.ready
  const key = bytesOf(publicKey)
  const known = await pushManager.getSubscription()
  // Another instance's key, or one that was made anew.
  if (known && !sameKey(known.options.applicationServerKey, key)) await known.unsubscribe()
  const { endpoint, keys: made } = (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })).toJSON()
  const { p256dh, auth } = made ?? {}
  if (endpoint === undefined || p256dh === undefined || auth === undefined) throw new Error("the browser made no whole subscription")
  const device = await body(api.POST("/api/v1/push/devices", { body: { name, endpoint, keys: { p256dh, auth } } }))
  keepDevice(device.id)
  return device.id
}

/** This browser hears of nothing any more. */
export async function forgetDevice(id: string): Promise<void> {
  if (ownDevice() !== id) return
  keepDevice(undefined)
  if (!("serviceWorker" in navigator)) return
  const registration = await navigator.serviceWorker.getRegistration()
  await (await registration?.pushManager.getSubscription())?.unsubscribe()
}

/** What a browser is called until its owner says otherwise. */
export function deviceKind(agent = navigator.userAgent): "iphone" | "ipad" | "android" | "computer" {
  if (/iPhone/.test(agent)) return "iphone"
  if (/iPad/.test(agent)) return "ipad"
  return /Android/.test(agent) ? "android" : "computer"
}
