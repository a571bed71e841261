// Written by hand in the shape of openapi-typescript until the api commits its document; then `npm run gen` makes it.
type Json<T> = { content: { "application/json": T } }
type Fail = { content: { "application/problem+json": components["schemas"]["Problem"] } }
type Call<Ok, Code extends number, Body = undefined, Params = undefined> = {
  parameters: Params extends undefined ? { query?: never; path?: never } : Params
  responses: { [K in Code]: Ok extends undefined ? { content?: never } : Json<Ok> } & { default: Fail }
} & (Body extends undefined ? { requestBody?: never } : { requestBody: Json<Body> })
type Path<M> = Omit<{ get?: never; put?: never; post?: never; delete?: never; patch?: never }, keyof M> & M
type ById = { path: { id: string } }
type S = components["schemas"]

export interface paths {
  "/api/v1/setup": Path<{ get: Call<S["Setup"], 200> }>
  "/api/v1/setup/claim": Path<{ post: Call<S["Claimed"], 201, S["ClaimBody"]> }>
  "/api/v1/setup/practice": Path<{ post: Call<S["Practice"], 201> }>
  "/api/v1/login": Path<{ post: Call<S["Session"], 200, { password: string }> }>
  "/api/v1/logout": Path<{ post: Call<undefined, 204> }>
  "/api/v1/session": Path<{ get: Call<S["Session"], 200> }>
  "/api/v1/session/reauth": Path<{ post: Call<S["Session"], 200, { password: string }> }>
  "/api/v1/settings": Path<{
    get: Call<S["Settings"], 200>
    patch: Call<S["Settings"], 200, Partial<S["Settings"]>>
  }>
  "/api/v1/providers": Path<{ get: Call<{ items: S["Provider"][] }, 200>; post: Call<S["Provider"], 201, S["ProviderBody"]> }>
  "/api/v1/providers/test": Path<{ post: Call<S["Probe"], 202, S["ProbeBody"]> }>
  "/api/v1/providers/{id}": Path<{
    put: Call<S["Provider"], 200, S["ProviderBody"], ById>
    delete: Call<undefined, 204, undefined, ById>
  }>
  "/api/v1/providers/{id}/default": Path<{ post: Call<S["Provider"], 200, undefined, ById> }>
  "/api/v1/probes/{id}": Path<{ get: Call<S["Probe"], 200, undefined, ById> }>
  "/api/v1/tokens": Path<{ get: Call<{ items: S["Token"][] }, 200>; post: Call<S["NewToken"], 201, S["TokenBody"]> }>
  "/api/v1/tokens/{id}": Path<{ delete: Call<undefined, 204, undefined, ById> }>
  "/api/v1/chats": Path<{
    get: Call<{ items: S["Chat"][]; next_cursor?: string | null }, 200, undefined, { query?: { limit?: number; cursor?: string } }>
    post: Call<S["Chat"], 201, { title?: string }>
  }>
  "/api/v1/chats/{id}": Path<{
    get: Call<S["Chat"], 200, undefined, ById>
    patch: Call<S["Chat"], 200, { title: string }, ById>
    delete: Call<undefined, 204, undefined, ById>
  }>
  "/api/v1/chats/{id}/messages": Path<{
    get: Call<{ items: S["Message"][]; eid: number }, 200, undefined, ById>
    post: Call<{ message: S["Message"]; run: S["Run"] }, 201, { text: string }, ById>
  }>
  "/api/v1/runs": Path<{
    get: Call<{ items: S["Run"][]; next_cursor?: string | null }, 200, undefined, { query?: { state?: "open" | "all"; limit?: number; cursor?: string } }>
  }>
  "/api/v1/runs/{id}": Path<{ get: Call<S["RunDetail"], 200, undefined, ById> }>
  "/api/v1/runs/{id}/stop": Path<{ post: Call<S["Run"], 202, undefined, ById> }>
  "/api/v1/execs/{id}": Path<{ get: Call<S["Exec"], 200, undefined, ById> }>
  "/api/v1/approvals": Path<{
    get: Call<
      { items: S["Approval"][]; next_cursor?: string | null; eid: number },
      200,
      undefined,
      { query?: { state?: "waiting" | "history"; limit?: number; cursor?: string } }
    >
  }>
  "/api/v1/approvals/{id}": Path<{ get: Call<S["Approval"], 200, undefined, ById> }>
  "/api/v1/approvals/{id}/decision": Path<{ post: Call<S["Approval"], 200, S["DecisionBody"], ById> }>
  "/api/v1/services": Path<{ get: Call<{ items: S["Service"][] }, 200> }>
}

export interface components {
  schemas: {
    Problem: {
      type: string
      title: string
      status: number
      code: string
      detail?: string | null
      request_id?: string | null
      errors?: { pointer?: string; detail: string }[] | null
    }
    Setup: { state: "unclaimed" | "claimed"; needs_tls?: boolean | null; code_expired?: boolean | null; host?: string | null }
    ClaimBody: { code: string; password: string; language?: string | null; timezone?: string | null }
    Claimed: { owner: unknown }
    Practice: { chat: S["Chat"]; run: S["Run"] }
    Session: {
      kind: "owner" | "token"
      scopes: string[]
      reauth_until?: string | null
      language: string
      timezone: string
      warnings: string[]
    }
    Settings: { language: string; timezone: string; theme: string; instruction: string }
    Provider: { id: string; name: string; base_url: string; model: string; has_key: boolean; is_default: boolean; kind: "openai" | "demo" }
    ProviderBody: { name: string; base_url: string; model: string; api_key?: string | null }
    ProbeBody: { id: string } | { base_url: string; model: string; api_key?: string | null }
    Probe: { id: string; state: "queued" | "running" | "ok" | "failed"; reply?: string | null; code?: string | null; detail?: string | null; next_step?: string | null }
    TokenBody: { name: string; scopes: string[]; expires_in_days?: number | null }
    Token: { id: string; name: string; scopes: string[]; created_at: string; expires_at?: string | null; last_used_at?: string | null; revoked_at?: string | null }
    NewToken: S["Token"] & { token: string }
    Actor: { kind: "owner" } | { kind: "ai" } | { kind: "schedule" } | { kind: "token"; id: string }
    Chat: {
      id: string
      title: string
      created_at: string
      updated_at: string
      last_run?: { id: string; state: S["RunState"] } | null
      waiting: boolean
      cost_usd: number
      last_text?: string | null
    }
    Part: { type: "text"; text: string } | { type: "exec"; exec: S["Exec"] } | { type: "notice"; code: string; text: string }
    Message: {
      id: string
      chat_id: string
      run_id?: string | null
      turn?: number | null
      role: "owner" | "ai" | "system"
      actor: S["Actor"]
      created_at: string
      parts: S["Part"][]
    }
    Exit: { how: "code"; code: number } | { how: "signal"; signal: string } | { how: "timeout"; after_s: number } | { how: "stopped" }
    ExecState: "preparing" | "waiting_approval" | "approved" | "running" | "ended" | "denied" | "refused" | "unknown" | "cancelled"
    Exec: {
      id: string
      run_id: string
      turn: number
      index: number
      terminal_id: string
      command: string
      cwd?: string | null
      user?: string | null
      host: string
      why?: string | null
      state: S["ExecState"]
      verdict?: "allow" | "ask" | "deny" | null
      reasons: string[]
      approval_id?: string | null
      started_at?: string | null
      ended_at?: string | null
      exit?: S["Exit"] | null
      output_text?: string | null
      output_bytes: number
      truncated: boolean
      error?: { code: string; detail: string } | null
    }
    RunState: "queued" | "running" | "waiting_command" | "waiting_approval" | "succeeded" | "failed" | "cancelled" | "expired"
    RunError: { code: string; detail: string; next_step: string }
    Run: {
      id: string
      chat_id?: string | null
      origin: string
      actor: S["Actor"]
      state: S["RunState"]
      stop_reason?: string | null
      error?: S["RunError"] | null
      turns: number
      tokens_in: number
      tokens_out: number
      cost_usd: number
      created_at: string
      started_at?: string | null
      ended_at?: string | null
      model?: string | null
    }
    RunDetail: S["Run"] & { execs: S["Exec"][]; eid: number }
    MeasuredFile: { word: string; path: string; sha256: string; bound: boolean }
    Measure: {
      shell: S["MeasuredFile"]
      cwd: string
      programs: S["MeasuredFile"][]
      scripts: S["MeasuredFile"][]
      user: string
      host: string
    }
    Approval: {
      id: string
      run_id: string
      chat_id?: string | null
      chat_title?: string | null
      exec: S["Exec"]
      state: "waiting" | "allowed" | "denied" | "expired" | "withdrawn"
      risk: "low" | "medium" | "high"
      digest: string
      nonce: string
      asked_at: string
      expires_at: string
      decided_at?: string | null
      decided_by?: S["Actor"] | null
      reason?: string | null
      measure?: S["Measure"] | null
      effects?: S["Effects"] | null
    }
    Effects: {
      programs: string[]
      reads: string[]
      writes: string[]
      deletes: string[]
      network?: boolean | null
      privilege?: boolean | null
      packages?: boolean | null
      services?: boolean | null
      reversible?: boolean | null
      unknown: string[]
    }
    DecisionBody: { decision: "allow_once" | "deny"; digest: string; nonce: string; reason?: string | null }
    Service: { name: string; state: "up" | "down"; version?: string | null; pid?: number | null; since?: string | null }
    Event: {
      eid: number
      type: string
      at: string
      actor: S["Actor"]
      chat_id?: string | null
      run_id?: string | null
      subject?: string | null
      data?: unknown
    }
  }
}
