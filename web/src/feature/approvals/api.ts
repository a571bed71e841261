// The decided approvals; the waiting ones are in api/query.
import { queryOptions } from "@tanstack/react-query"
import { api, body } from "../../api/client"
import { keys } from "../../api/keys"

export const historyQuery = queryOptions({
  queryKey: keys.approvalList("history"),
  queryFn: async () => (await body(api.GET("/api/v1/approvals", { params: { query: { state: "history" } } }))).items,
})
