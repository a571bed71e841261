// The colours of a terminal, as the page shows them at this moment: the sheet has them, light and dark.
import type { ITheme } from "@xterm/xterm"

const ANSI = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const

/** Reads one colour by name, as #RRGGBB; a name that means two, one for each theme, is one by then. */
export function colourOf(host: HTMLElement, name: string): string {
  const probe = host.appendChild(host.ownerDocument.createElement("i"))
  probe.style.color = `var(--${name})`
  const parts = getComputedStyle(probe).color.match(/\d+/g) ?? []
  probe.remove()
  return `#${parts.slice(0, 3).map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`
}

/** Every colour of a terminal. */
export function paletteOf(host: HTMLElement): ITheme {
  const read = (name: string) => colourOf(host, name)
  const colours = ANSI.flatMap((name, at) => [
    [name, read(`ansi-${at}`)],
    [`bright${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`, read(`ansi-${at + 8}`)],
  ])
  const ink = read("ink")
  return {
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
