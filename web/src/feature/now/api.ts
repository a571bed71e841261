// What happens at this moment on the whole machine.
import { queryOptions } from "@tanstack/react-query"
import { api, body } from "../../api/client"
import { keys } from "../../api/keys"
import type { Run } from "../../api/model"

export const servicesQuery = queryOptions({
  queryKey: keys.services,
  queryFn: async () => (await body(api.GET("/api/v1/services"))).items,
  refetchInterval: 15_000,
})

/** The newest runs, enough for a day of one owner. */
export const runsQuery = queryOptions({
  queryKey: keys.runs,
  queryFn: async () => (await body(api.GET("/api/v1/runs", { params: { query: { limit: 100 } } }))).items,
})

export interface Spending {
  chats: number
  scheduled: number
  outside: number
  all: number
}

/** What the runs of one day cost, by who started them. */
export function spending(runs: readonly Run[]): Spending {
  const sum = { chats: 0, scheduled: 0, outside: 0, all: 0 }
  for (const run of runs) {
    if (run.origin === "pulse" || run.origin === "schedule") sum.scheduled += run.cost_usd
    else if (run.origin === "api" || run.actor.kind === "token") sum.outside += run.cost_usd
    else sum.chats += run.cost_usd
    sum.all += run.cost_usd
  }
  return sum
}
