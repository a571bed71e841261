// An owner at a terminal: signed in, with a shell that answers.
import assert from "node:assert/strict"
import { readdir, readFile } from "node:fs/promises"
import { baseUrl, claimCode, password } from "./browser.mjs"

export const call = (page, method, path, data) => page.request.fetch(`/api/v1${path}`, { method, data, headers: { origin: baseUrl } })

/** Signs in, and claims the machine first where nobody has yet. */
export async function signIn(page, language, look = { fontSize: 12, isReader: true }) {
  const { state } = await (await call(page, "GET", "/setup")).json()
  const claim = { code: claimCode, password, language: "en", timezone: "UTC" }
  const response = state === "unclaimed" ? await call(page, "POST", "/setup/claim", claim) : await call(page, "POST", "/login", { password })
  assert.ok(response.ok(), await response.text())
  const settings = await call(page, "GET", "/settings")
  const stored = await page.request.fetch("/api/v1/settings", { method: "PATCH", data: { language }, headers: { origin: baseUrl, "if-match": settings.headers().etag } })
  assert.ok(stored.ok(), await stored.text())
  // What a screen reader is told is what the test reads: the letters themselves are drawn.
  await page.addInitScript((look) => {
    localStorage.setItem("metatron.signed-in", "1")
    if (!localStorage.getItem("metatron.terminal")) localStorage.setItem("metatron.terminal", JSON.stringify(look))
  }, look)
}

/** Waits until the screen shows these words. */
export const shows = (page, words) => page.locator(".xterm-accessibility-tree").getByText(words).first().waitFor()

export const field = (page) => page.locator(".xterm-helper-textarea")

/** Opens a terminal and types into it. */
export async function openOne(page, say) {
  await page.goto("/terminals")
  await page.getByRole("heading", { level: 1, name: say.terminal.title }).waitFor()
  await page.getByRole("main").getByRole("button", { name: say.terminal.new }).click()
  await page.getByText(say.terminal.drives.you, { exact: true }).first().waitFor()
  await shows(page, /[$#]/)
  await field(page).focus()
  await page.keyboard.type("echo $((6 * 7))-answered\n")
  await shows(page, "42-answered")
}

/** The process of a service of this instance. */
export async function pidOf(service) {
  const port = new URL(baseUrl).port
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue
    const read = (name) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")
    const [words, environment] = await Promise.all([read("cmdline"), read("environ")])
    if (words.split("\0")[0].endsWith(`/metatron-${service}`) && environment.includes(`METATRON_LISTEN=127.0.0.1:${port}\0`)) return Number(pid)
  }
  throw new Error(`${service} of this instance does not run`)
}
