import { expect, test } from "vitest"
import { en } from "./en"
import { he } from "./he"
import { makeFormat } from "./index"

const same = new Set(["common.ai", "common.system", "common.language.en", "common.language.he", "model.presets.openai", "model.presets.openrouter", "model.presets.ollama", "model.presets.llamacpp"])

function walk(a: unknown, b: unknown, path: string, visit: (path: string, a: unknown, b: unknown) => void): void {
  if (a !== null && typeof a === "object" && typeof b === "object") {
    for (const key of Object.keys(a)) walk((a as Record<string, unknown>)[key], (b as Record<string, unknown> | null)?.[key], path === "" ? key : `${path}.${key}`, visit)
  } else visit(path, a, b)
}

test("every word exists in Hebrew and is Hebrew", () => {
  walk(en, he, "", (path, english, hebrew) => {
    expect(typeof hebrew, path).toBe(typeof english)
    if (typeof hebrew === "string" && !same.has(path)) {
      expect(hebrew.trim(), path).not.toBe("")
      expect(hebrew, path).toMatch(/\p{Script=Hebrew}/u)
    }
  })
})

test("sentences with a number work for none, one, two and many", () => {
  for (const words of [en, he])
    for (const n of [0, 1, 2, 3, 12]) for (const say of [words.nav.waiting, words.now.waits, words.setup.passwordShort, words.approval.hidden, words.common.loading, words.rule.nTimes, words.rule.used, words.rule.seen]) expect(say(n)).not.toMatch(/undefined|NaN/)
})

test("times follow the owner's zone, not the browser's", () => {
  const format = makeFormat("en", "Asia/Jerusalem")
  expect(format.time("2026-11-22T22:30:00Z")).toBe("00:30")
  expect(format.dayKey("2026-11-22T22:30:00Z")).toBe("2026-11-23")
})

test("small sums of money keep their digits", () => {
  const format = makeFormat("he", "UTC")
  expect(format.money(0)).toBe("$0.00")
  expect(format.money(0.0042)).toBe("$0.0042")
  expect(format.money(1.2)).toBe("$1.20")
})

test("a duration reads as seconds, then as minutes", () => {
  const format = makeFormat("en", "UTC")
  expect(format.duration(900)).toBe("0.9 s")
  expect(format.duration(161_000)).toBe("2:41")
})

test("an amount of bytes is written by thousands, and stays together in Hebrew", () => {
  const english = makeFormat("en", "UTC")
  expect([0, 999, 1_200, 2_500_000, 10_000_000_000].map(english.bytes)).toEqual(["0 B", "999 B", "1.2 kB", "2.5 MB", "10 GB"])
  expect(makeFormat("he", "UTC").bytes(10_000_000_000)).toBe("\u206610 GB\u2069")
})

test("of an undo only what there is is told", () => {
  expect(en.undo.count(1, 0, 2)).toBe("1 comes back, 2 go again")
  expect(en.undo.did(0, 1)).toBe("1 removed")
  expect(he.undo.count(0, 3, 0)).not.toMatch(/0/)
})

test("in Hebrew taking a rule or a token back is another word than calling something off, and a chat has one name", () => {
  expect(he.rule.revoke).toBe(he.settings.revoke)
  expect(he.rule.revoke).not.toBe(he.common.cancel)
  walk(he, he, "", (path, words) => {
    if (typeof words === "string") expect(words, path).not.toMatch(/שיחה|שיחות/)
  })
})
