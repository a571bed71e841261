// Every address inside the application.
export const paths = {
  now: "/",
  setup: "/setup",
  login: "/login",
  chats: "/chat",
  chat: (id: string) => `/chat/${id}`,
  approvals: "/approvals",
  approval: (id: string) => `/approvals/${id}`,
  terminals: "/terminals",
  terminal: (id: string) => `/terminals/${id}`,
  replay: (id: string) => `/terminals/${id}/replay`,
  schedule: "/schedule",
  settings: "/settings",
  audit: "/audit",
  settingsModels: "/settings#models",
  settingsNotifications: "/settings#notifications",
} as const

/** Served by the API, outside the application. */
export const API_DOCS = "/api/docs/"

/** The whole audit, as JSON lines. */
export const AUDIT_EXPORT = "/api/v1/audit/export"

/** The recording of a terminal, for any asciicast player. */
export const castPath = (terminal: string): string => `/api/v1/terminals/${encodeURIComponent(terminal)}/cast`

/** A path inside this application to return to after signing in; anything else becomes Now. */
export const innerPath = (wanted: string | null): string =>
  wanted !== null && /^\/(?![/\\])/.test(wanted) ? wanted : paths.now
