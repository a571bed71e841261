// Measured effects as chips, in the order of what they can cost. An effect that could not be told is said so.
import type { Effects } from "../api/model"

type Words = Readonly<Record<keyof Effects | "irreversible" | "noSecrets" | "secretsUnknown", string>>

export interface Chip {
  word: string
  value: string
  hard: boolean
}

/** The secrets whose values it would get: that there is none is worth saying, and so is that nobody can tell. */
function secrets({ secrets: names }: Effects, words: Words): Chip {
  if (!names) return { word: words.secretsUnknown, value: "", hard: true }
  return names.length > 0 ? { word: words.secrets, value: names.join(", "), hard: true } : { word: words.noSecrets, value: "", hard: false }
}

export function effectChips(effects: Effects, words: Words): Chip[] {
  const list = (name: "deletes" | "writes" | "reads" | "sensitive", hard = false): Chip[] => (effects[name].length > 0 ? [{ word: words[name], value: effects[name].join(", "), hard }] : [])
  const flag = (name: "privilege" | "packages" | "services" | "network", hard = false): Chip[] => (effects[name] === true ? [{ word: words[name], value: "", hard }] : [])
  const back: Chip[] =
    typeof effects.reversible !== "boolean" ? [] : [effects.reversible ? { word: words.reversible, value: "", hard: false } : { word: words.irreversible, value: "", hard: true }]
  return [
    ...list("deletes", true),
    ...list("sensitive", true),
    secrets(effects, words),
    ...list("writes"),
    ...flag("privilege", true),
    ...flag("packages"),
    ...flag("services"),
    ...flag("network"),
    ...list("reads"),
    ...back,
    ...effects.unknown.map((what) => ({ word: words.unknown, value: what, hard: true })),
  ]
}
