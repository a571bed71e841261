// Measured effects as chips. The words are the policy's; one it adds later is shown under its own name, never dropped.

export interface Chip {
  word: string
  value: string
  hard: boolean
}

const HARD = new Set(["deletes", "privileged", "irreversible", "secrets"])

export function effectChips(effects: Readonly<Record<string, unknown>>, words: Readonly<Record<string, string>>): Chip[] {
  return Object.entries(effects).flatMap(([name, value]) => {
    const chip = (shown: string): Chip => ({ word: words[name] ?? name.replaceAll("_", " "), value: shown, hard: HARD.has(name) })
    if (value === true) return [chip("")]
    if (typeof value === "string" && value !== "") return [chip(value)]
    if (typeof value === "number") return [chip(String(value))]
    if (Array.isArray(value)) return value.map((one) => chip(typeof one === "string" ? one : JSON.stringify(one)))
    return []
  })
}
