// The audit, a page at a time, and its check.
import { infiniteQueryOptions, useMutation } from "@tanstack/react-query"
import { api, body } from "../../api/client"
import { cache } from "../../api/connection"
import { keys } from "../../api/keys"

export interface Wanted {
  q: string
  kind: string
  actor: "" | "owner" | "ai" | "schedule" | "token"
}

export const auditQuery = ({ q, kind, actor }: Wanted) =>
  infiniteQueryOptions({
    queryKey: keys.auditRows(q, kind, actor),
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/v1/audit", {
          params: { query: { ...(q ? { q } : {}), ...(kind ? { kind } : {}), ...(actor ? { actor } : {}), ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  })

/** Checks every row. The check is a row itself. */
export const useVerify = () =>
  useMutation({
    mutationFn: () => body(api.POST("/api/v1/audit/verify", { body: {} })),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.audit }),
  })
