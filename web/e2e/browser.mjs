// A browser, a page that forgives nothing, and one look at a page in every size and theme.
import assert from "node:assert/strict"
import { mkdtemp, readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chromium } from "playwright-core"
import { runnerImport } from "vite"

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

export const baseUrl = process.env.BASE_URL ?? ""
export const claimCode = process.env.CLAIM_CODE ?? ""
export const password = "a long enough sentence"
export const shots = process.env.SHOTS ?? (await mkdtemp(join(tmpdir(), "metatron-e2e-")))

const words = async (language) => (await runnerImport(new URL(`../src/i18n/${language}.ts`, import.meta.url).pathname)).module[language]
export const text = { en: await words("en"), he: await words("he") }

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  })

/** A page whose errors, in script or on the console, are kept in `faults`. */
export async function open(browser, language) {
  const context = await browser.newContext({ baseURL: baseUrl, locale: language === "he" ? "he-IL" : "en-GB", viewport: { width: 390, height: 844 } })
  // Two cores draw for the browser, the services and the model.
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  const faults = []
  page.on("pageerror", (error) => faults.push(`page error: ${error.message}`))
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()} (${message.location().url})`)
  })
  return { context, page, faults }
}

const SIZES = [
  [390, 844],
  [1440, 900],
]

/** Looks at the page on phone and desktop, light and dark: nothing sticks out, axe finds nothing serious. */
export async function inspect(page, faults, name) {
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height })
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
      const language = await page.evaluate(() => document.documentElement.lang)
      const where = `${name} ${width} ${language} ${colorScheme}`
      await page.screenshot({ path: join(shots, `${where.replaceAll(" ", "-")}.png`) })
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      if (over > 0) faults.push(`${where}: ${over}px wider than the screen`)
      await page.evaluate(axe)
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }))
      for (const it of violations) {
        if (it.impact === "serious" || it.impact === "critical") faults.push(`${where}: ${it.id} (${it.impact}) ${it.nodes.map((node) => node.target.join(" ")).join(" | ")}`)
      }
    }
  }
  await page.setViewportSize({ width: 390, height: 844 })
}

/** A change made through the API by the page's own session. */
export const post = async (page, path, data) => {
  const response = await page.request.post(`/api/v1${path}`, { data, headers: { origin: baseUrl } })
  assert.ok(response.ok(), `${path}: ${response.status()} ${await response.text()}`)
  return response.json()
}
