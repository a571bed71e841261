// Draws on the graphics card where there is one; the page's own elements do otherwise.
import type { Terminal } from "@xterm/xterm"

/** Comes later than the terminal and is never waited for. */
export async function accelerate(terminal: Terminal): Promise<void> {
  try {
    const { WebglAddon } = await import("@xterm/addon-webgl")
    if (!terminal.element?.isConnected) return
    const addon = new WebglAddon()
    addon.onContextLoss(() => addon.dispose())
    terminal.loadAddon(addon)
  } catch {
    // No WebGL, or not fetched: it is drawn all the same.
  }
}
