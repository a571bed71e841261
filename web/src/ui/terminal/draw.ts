// Draws on the graphics card where there is one; the page's own elements do otherwise.
import type { Terminal } from "@xterm/xterm"

/** Comes later than the terminal and is never waited for. The host tells who draws, for those who look at the page. */
export async function accelerate(terminal: Terminal, host: HTMLElement): Promise<void> {
  host.dataset["drawn"] = "elements"
  try {
    const { WebglAddon } = await import("@xterm/addon-webgl")
    if (!terminal.element?.isConnected) return
    const addon = new WebglAddon()
    addon.onContextLoss(() => {
      addon.dispose()
      host.dataset["drawn"] = "elements"
    })
    terminal.loadAddon(addon)
    host.dataset["drawn"] = "webgl"
  } catch {
    // No WebGL, or not fetched: it is drawn all the same.
  }
}
