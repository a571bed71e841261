// The colours of a terminal, as the page shows them at this moment: the sheet has them, light and dark.
import type { ITheme } from "@xterm/xterm"

const ANSI = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const

/** Reads colours by name; a name that means two, one for each theme, is one by then. */
export function paletteOf(host: HTMLElement): ITheme {
  const probe = host.appendChild(host.ownerDocument.createElement("i"))
  const read = (name: string) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const colours = ANSI.flatMap((name, at) => [
    [name, read(`ansi-${at}`)],
    [`bright${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`, read(`ansi-${at + 8}`)],
  ])
  const ink = read("ink")
  const theme: ITheme = {
    ...(Object.fromEntries(colours) as ITheme),
    foreground: ink,
    background: read("surface"),
    cursor: ink,
    cursorAccent: read("surface"),
    selectionBackground: read("selection"),
    scrollbarSliderBackground: read("rule"),
    scrollbarSliderHoverBackground: read("edge"),
    scrollbarSliderActiveBackground: read("edge"),
  }
  probe.remove()
  return theme
}

/** Calls when the page changes between light and dark, by the owner or by the system. */
export function onTheme(changed: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)")
  system.addEventListener("change", changed)
  const chosen = new MutationObserver(changed)
  chosen.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] })
  return () => {
    system.removeEventListener("change", changed)
    chosen.disconnect()
  }
}
