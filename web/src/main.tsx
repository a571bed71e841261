import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { Providers } from "./app/providers"
import { watchUpdates } from "./app/update"
import "./style/index.css"

const root = document.getElementById("root")
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Providers />
    </StrictMode>,
  )
}
watchUpdates()
