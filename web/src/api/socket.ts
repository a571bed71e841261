// Facts from the socket patch the query cache here and nowhere else.
import type { QueryClient, QueryKey } from "@tanstack/react-query"
import { create } from "zustand"
import { keys } from "./keys"
import { Link, type LinkState } from "./link"
import type { Fact, Terminal, TerminalStatus } from "./model"

interface LinkStore {
  state: LinkState
  since: number
}

/** How the line to the server stands, for the chip. */
export const useLink = create<LinkStore>(() => ({ state: "connecting", since: Date.now() }))

/** The keys of everything a fact may have changed. */
export function touched(fact: Fact): QueryKey[] {
  const chat = fact.chat_id ? [keys.chat(fact.chat_id), keys.messages(fact.chat_id)] : []
  const run = fact.run_id ? [keys.run(fact.run_id)] : []
  const room = fact.type.split(".", 1)[0]
  switch (room) {
    case "chat":
      return [keys.chats, keys.tasks, ...chat]
    case "message":
      return [keys.chats, ...chat]
    case "run":
      return [keys.chats, keys.runs, keys.tasks, ...chat, ...run]
    case "task":
      return [keys.tasks, keys.chats, ...chat]
    case "halt":
      return [keys.halt]
    case "exec":
      return [keys.unasked, keys.approvalEach, ...chat, ...run]
    case "approval":
      return [keys.approvals, keys.chats, ...chat, ...run]
    case "rule":
      return [keys.rules]
    case "elevated":
      return [keys.elevated]
    case "mode":
      return [keys.chats, keys.tokens, keys.tasks, ...chat]
    case "provider":
      return [keys.providers]
    case "probe":
      return [keys.probe(fact.subject ?? "")]
    case "token":
      return [keys.tokens]
    case "push":
      return [keys.devices]
    case "undo":
      return [keys.undos]
    case "setting":
      return [keys.settings, keys.session]
    case "service":
      return [keys.services]
    case "host":
      return [keys.hosts, keys.terminals, keys.services]
    case "session":
      return [keys.session]
    case "terminal":
      return [keys.terminals]
    default:
      return []
  }
}

/** A terminal as it stands now. What its host does not say any more is not so any more. */
export const standing = (known: Terminal, { state, size, driver, waits, program, cwd, bytes }: TerminalStatus): Terminal => ({
  ...known,
  state,
  size,
  driver,
  waits: waits ?? null,
  program: program ?? null,
  cwd: cwd ?? null,
  bytes,
})

/** Has everything below a key read anew. */
export function renew(cache: QueryClient, queryKey: QueryKey): void {
  const which = { queryKey, exact: queryKey[0] === "chat" }
  // What is just being read for the first time is not asked for twice, and may have been read before this came about.
  const early = cache.getQueryCache().findAll({ ...which, fetchStatus: "fetching", predicate: ({ state }) => state.data === undefined })
  for (const query of early) void query.promise?.catch(() => undefined).then(() => cache.invalidateQueries({ queryKey: query.queryKey, exact: true }))
  void cache.invalidateQueries(which)
}

const BATCH_MS = 40

/** The application's one link; start it once somebody is signed in. */
export function makeLink(cache: QueryClient, signedOut: () => void): Link {
  let batch: Map<string, QueryKey> | undefined
  const flush = () => {
    const wanted = batch?.values() ?? []
    batch = undefined
    for (const queryKey of wanted) renew(cache, queryKey)
  }
  const link = new Link({
    url: `${location.origin.replace(/^http/, "ws")}/api/v1/ws`,
    fact: (fact) => {
      // A finished command gives several facts at once: one fetch answers them all.
      if (!batch) {
        batch = new Map()
        setTimeout(flush, BATCH_MS)
      }
      for (const key of touched(fact)) batch.set(JSON.stringify(key), key)
    },
    status: (terminal, status) => cache.setQueryData<Terminal>(keys.terminal(terminal), (known) => known && standing(known, status)),
    viewers: (terminal, viewers) => cache.setQueryData<Terminal>(keys.terminal(terminal), (known) => known && { ...known, viewers }),
    missed: () => void cache.invalidateQueries(),
    state: (state) => useLink.setState((old) => (old.state === state ? old : { state, since: Date.now() })),
    signedOut,
  })
  link.subscribe("events")
  return link
}
