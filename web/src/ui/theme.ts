// Light, dark, or as the system has it. boot.js sets the same before the first paint.

export const THEMES = ["system", "light", "dark"] as const
export type Theme = (typeof THEMES)[number]

const KEPT = "metatron.theme"

export const isTheme = (text: unknown): text is Theme => THEMES.some((it) => it === text)

export function shownTheme(): Theme {
  const shown = document.documentElement.dataset["theme"]
  return isTheme(shown) ? shown : "system"
}

export function setTheme(theme: Theme): void {
  const page = document.documentElement
  if (theme === "system") delete page.dataset["theme"]
  else page.dataset["theme"] = theme
  try {
    localStorage.setItem(KEPT, theme)
  } catch {
    // Not kept: the next visit starts as the system has it.
  }
}
