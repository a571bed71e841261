// The decided approvals; the waiting ones are in api/query.
import { infiniteQueryOptions } from "@tanstack/react-query"
import { api, body } from "../../api/client"
import { keys } from "../../api/keys"

export const historyQuery = infiniteQueryOptions({
  queryKey: keys.approvalList("history"),
  queryFn: ({ pageParam }) => body(api.GET("/api/v1/approvals", { params: { query: { state: "history", limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
  initialPageParam: "",
  getNextPageParam: (last) => last.next_cursor ?? undefined,
})
