// What a notification may say: read as strictly as anything that comes from outside.

export type Notice = { kind: "approval" | "withdrawal"; id: string; lang: string } | { kind: "test"; lang: string }

const APPROVAL = /^apr_[0-7][0-9a-hjkmnp-tv-z]{25}$/

/** The notice in a message, if it is one that this version knows. */
export function readNotice(text: string | undefined): Notice | undefined {
  let said: unknown
  try {
    said = JSON.parse(text ?? "")
  } catch {
    return undefined
  }
  if (said === null || typeof said !== "object") return undefined
  const { v, kind, id, lang } = said as Record<string, unknown>
  if (v !== 1) return undefined
  const language = lang === "he" ? "he" : "en"
  if (kind === "test") return { kind, lang: language }
  if ((kind === "approval" || kind === "withdrawal") && typeof id === "string" && APPROVAL.test(id)) return { kind, id, lang: language }
  return undefined
}
