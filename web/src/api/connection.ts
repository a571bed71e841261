// The application's one query cache and one socket.
import { QueryCache, QueryClient } from "@tanstack/react-query"
import { ApiProblem } from "./client"
import { keys } from "./keys"
import { forgetLive } from "./live"
import { forgetSession } from "./signed-in"
import { makeLink } from "./socket"

let leave: () => Promise<void> | void = () => undefined

/** What to do when the session turns out to be gone; the router says it once. */
export function onSignedOut(action: () => Promise<void> | void): void {
  leave = action
}

const isSignedOut = (error: unknown) => error instanceof ApiProblem && error.status === 401

export const cache = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (isSignedOut(error) && query.queryKey[0] !== keys.session[0]) void signedOut()
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // Only what may heal by itself is asked again: no answer, or a failure inside the server.
      retry: (tries, error) => error instanceof ApiProblem && (error.status === 0 || error.status >= 500) && tries < 2,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
})

export const link = makeLink(cache, () => void signedOut())

let leaving: Promise<void> | undefined

/** Leaves once, though the socket, the button and a refused read may all say so in the same moment. */
export const signedOut = (): Promise<void> => (leaving ??= leaveEverything().finally(() => (leaving = undefined)))

/** Leaves every room first: a room that is still shown would ask again and be refused. */
async function leaveEverything(): Promise<void> {
  link.stop()
  forgetLive()
  forgetSession()
  cache.setQueryData(keys.session, null)
  await leave()
  cache.clear()
}
