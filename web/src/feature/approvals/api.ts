// The decided approvals; the waiting ones are in api/query.
import { infiniteQueryOptions } from "@tanstack/react-query"
import { api, body } from "../../api/client"
import { keys } from "../../api/keys"

/** What ran under a rule or in full mode. */
export const unaskedQuery = infiniteQueryOptions({
  queryKey: keys.unasked,
  queryFn: ({ pageParam }) => body(api.GET("/api/v1/execs/unasked", { params: { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
  initialPageParam: "",
  getNextPageParam: (last) => last.next_cursor ?? undefined,
})

export const historyQuery = infiniteQueryOptions({
  queryKey: keys.approvalList("history"),
  queryFn: ({ pageParam }) => body(api.GET("/api/v1/approvals", { params: { query: { state: "history", limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
  initialPageParam: "",
  getNextPageParam: (last) => last.next_cursor ?? undefined,
})
