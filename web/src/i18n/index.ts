// The language of this browser tab: words, direction, and how dates and numbers are written.
import { create } from "zustand"
import { en, type Messages } from "./en"
import { he } from "./he"

export type Language = "en" | "he"
export const LANGUAGES: readonly Language[] = ["en", "he"]

const WORDS: Record<Language, Messages> = { en, he }
const KEPT = "metatron.language"

export const isLanguage = (text: unknown): text is Language => text === "en" || text === "he"
export const directionOf = (language: Language): "ltr" | "rtl" => (language === "he" ? "rtl" : "ltr")

function first(): Language {
  const shown = document.documentElement.lang
  return isLanguage(shown) ? shown : "en"
}

interface Store {
  language: Language
  /** IANA name, or undefined for the browser's own. */
  timezone: string | undefined
}

export const useLocale = create<Store>(() => ({ language: first(), timezone: undefined }))

export function setLanguage(language: Language): void {
  const page = document.documentElement
  page.lang = language
  page.dir = directionOf(language)
  try {
    localStorage.setItem(KEPT, language)
  } catch {
    // Not kept: the next visit asks the server again.
  }
  useLocale.setState({ language })
}

export function setTimezone(timezone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone })
    useLocale.setState({ timezone })
  } catch {
    useLocale.setState({ timezone: undefined })
  }
}

export const useText = (): Messages => WORDS[useLocale((store) => store.language)]

/** Writers of dates, numbers and money for one language and time zone. */
export function makeFormat(language: Language, timezone: string | undefined) {
  const date = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { ...options, timeZone: timezone })
  const time = date({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
  const day = date({ weekday: "long", day: "numeric", month: "long" })
  const short = date({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
  const full = date({ weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
  const isoDay = new Intl.DateTimeFormat("en-CA", { timeZone: timezone })
  const money = (amount: number) =>
    new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: amount > 0 && amount < 0.1 ? 4 : 2 }).format(amount)
  const number = new Intl.NumberFormat(language)
  const tenths = (n: number) => number.format(Math.round(n * 10) / 10)
  const isolate = (words: string) => (directionOf(language) === "rtl" ? `\u2066${words}\u2069` : words)
  return {
    time: (at: string | number) => time.format(new Date(at)),
    day: (at: string | number) => day.format(new Date(at)),
    short: (at: string | number) => short.format(new Date(at)),
    /** With its weekday and year: nothing is left to guess. */
    full: (at: string | number) => full.format(new Date(at)),
    /** `2026-11-22`: the calendar day at the owner's place, for comparing. */
    dayKey: (at: string | number) => isoDay.format(new Date(at)),
    money,
    number: (n: number) => number.format(n),
    /** `1.2 MB`, by thousands; kept together where the words around it run the other way. */
    bytes: (n: number) => isolate(n < 1e3 ? `${n} B` : n < 1e6 ? `${tenths(n / 1e3)} kB` : n < 1e9 ? `${tenths(n / 1e6)} MB` : `${tenths(n / 1e9)} GB`),
    /** `0.9 s`, or `2:41` from a minute on. */
    duration: (ms: number) => (ms < 60_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`),
  }
}

export type Format = ReturnType<typeof makeFormat>

const made = new Map<string, Format>()

export function useFormat(): Format {
  const { language, timezone } = useLocale()
  const name = `${language} ${timezone ?? ""}`
  const known = made.get(name)
  if (known) return known
  const fresh = makeFormat(language, timezone)
  made.set(name, fresh)
  return fresh
}
