import { QueryClientProvider } from "@tanstack/react-query"
import { RouterProvider } from "react-router"
import { cache } from "../api/connection"
import { router } from "./router"

export const Providers = () => (
  <QueryClientProvider client={cache}>
    <RouterProvider router={router} />
  </QueryClientProvider>
)
