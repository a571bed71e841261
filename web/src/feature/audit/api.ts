// The audit, a page at a time, and its check.
import { infiniteQueryOptions, useMutation } from "@tanstack/react-query"
import { api, body } from "../../api/client"
import { cache } from "../../api/connection"
import { keys } from "../../api/keys"
import type { AuditVerification } from "../../api/model"

export interface Wanted {
  q: string
  kind: string
  actor: "" | "owner" | "ai" | "schedule" | "token"
  /** Instants, or nothing. */
  since: string
  until: string
}

/** A head of the audit, as it was noted. */
export type Head = AuditVerification["head"]

const NOTED = /^\s*(\d{1,15})\s+([0-9a-f]{64})\s*$/i

/** Reads what stands below a check, `128 9f86d0…`; nothing where it is no such line. */
export function headOf(noted: string): Head | undefined {
  const [, count, hash] = NOTED.exec(noted) ?? []
  return count === undefined || hash === undefined ? undefined : { count: Number(count), hash: hash.toLowerCase() }
}

const given = ({ q, kind, actor, since, until }: Wanted) => ({ ...(q ? { q } : {}), ...(kind ? { kind } : {}), ...(actor ? { actor } : {}), ...(since ? { since } : {}), ...(until ? { until } : {}) })

export const auditQuery = (wanted: Wanted) =>
  infiniteQueryOptions({
    queryKey: keys.auditRows(wanted),
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/v1/audit", {
          params: { query: { ...given(wanted), ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  })

/** Checks every row, and whether a noted head is still among them. The check is a row itself. */
export const useVerify = () =>
  useMutation({
    mutationFn: (head: Head | undefined) => body(api.POST("/api/v1/audit/verify", { body: head ? { head } : {} })),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.audit }),
  })
