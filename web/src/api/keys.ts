// Every key of the query cache. A list's key is a prefix of its parts', so one invalidation reaches both.
export const keys = {
  setup: ["setup"] as const,
  session: ["session"] as const,
  settings: ["settings"] as const,
  providers: ["providers"] as const,
  probe: (id: string) => ["probe", id] as const,
  tokens: ["tokens"] as const,
  chats: ["chats"] as const,
  chat: (id: string) => ["chat", id] as const,
  messages: (id: string) => ["chat", id, "messages"] as const,
  runs: ["runs"] as const,
  run: (id: string) => ["run", id] as const,
  approvals: ["approvals"] as const,
  approvalList: (state: "waiting" | "history") => ["approvals", state] as const,
  approval: (id: string) => ["approvals", "one", id] as const,
  services: ["services"] as const,
}
