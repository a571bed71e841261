// Every address inside the application.
export const paths = {
  now: "/",
  setup: "/setup",
  login: "/login",
  chats: "/chat",
  chat: (id: string) => `/chat/${id}`,
  approvals: "/approvals",
  approval: (id: string) => `/approvals/${id}`,
  settings: "/settings",
  settingsModels: "/settings#models",
} as const

/** Served by the API, outside the application. */
export const API_DOCS = "/api/docs/"

/** A path inside this application to return to after signing in; anything else becomes Now. */
export const innerPath = (wanted: string | null): string =>
  wanted !== null && /^\/(?![/\\])/.test(wanted) ? wanted : paths.now
