// Typed fetch. Owns: problem+json to ApiProblem, idempotency keys, the JSON type on unsafe methods, and what answers tell of the server's clock. Never touches the cache.
import createClient from "openapi-fetch"
import { hearDate } from "./clock"
import type { Problem } from "./model"
import type { paths } from "./schema"

/** A refusal by the API, or `offline` when no answer came at all. */
export class ApiProblem extends Error {
  readonly code: string
  readonly status: number
  readonly requestId: string | undefined
  readonly fields: readonly { pointer?: string; detail: string }[]

  constructor(problem: Partial<Problem> & { code: string; status: number }) {
    super(problem.detail ?? problem.title ?? problem.code)
    this.name = "ApiProblem"
    this.code = problem.code
    this.status = problem.status
    this.requestId = problem.request_id ?? undefined
    this.fields = problem.errors ?? []
  }
}

const SAFE = new Set(["GET", "HEAD"])

/** Fetch that throws ApiProblem for every answer that is not a success. */
export async function ask(request: Request): Promise<Response> {
  if (!SAFE.has(request.method)) {
    if (!request.headers.has("Content-Type")) request.headers.set("Content-Type", "application/json")
    if (request.method === "POST" && !request.headers.has("Idempotency-Key")) {
      request.headers.set("Idempotency-Key", freshKey())
    }
  }
  let response: Response
  const sent = Date.now()
  try {
    response = await fetch(request)
  } catch {
    throw new ApiProblem({ code: "offline", status: 0 })
  }
  hearDate(response.headers.get("Date"), sent, Date.now())
  if (response.ok) return response
  throw await problemOf(response)
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const isJson = response.headers.get("Content-Type")?.includes("json") ?? false
  const body: unknown = isJson ? await response.json().catch(() => null) : null
  if (body !== null && typeof body === "object" && "code" in body) {
    return new ApiProblem({ ...(body as Problem), status: response.status })
  }
  return new ApiProblem({ code: `http_${response.status}`, status: response.status, title: response.statusText })
}

/** A key for one intended change: make it once, send it with every try of that change. */
export const freshKey = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: ask, credentials: "same-origin" })

/** The body of a call; the call itself has thrown if there is none. */
export async function body<T>(call: Promise<{ data?: T; response: Response }>): Promise<T> {
  const { data } = await call
  return data as T
}

/** A piece of a terminal's recording, with the offsets the server gave it. */
export async function readOutput(terminal: string, from: number, limit: number): Promise<{ offset: number; end: number; bytes: Uint8Array }> {
  const url = `${location.origin}/api/v1/terminals/${encodeURIComponent(terminal)}/output?from=${from}&limit=${limit}`
  const response = await ask(new Request(url, { credentials: "same-origin" }))
  const bytes = new Uint8Array(await response.arrayBuffer())
  const offset = Number(response.headers.get("Metatron-Offset") ?? from)
  const end = Number(response.headers.get("Metatron-End") ?? offset + bytes.length)
  return { offset, end, bytes }
}

export const asProblem = (cause: unknown): ApiProblem =>
  cause instanceof ApiProblem ? cause : new ApiProblem({ code: "unexpected", status: 0, detail: String(cause) })
