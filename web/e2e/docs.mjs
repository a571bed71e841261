// The API's own pages: drawn from the document alone, with nothing from elsewhere.
import assert from "node:assert/strict"
import { baseUrl } from "./browser.mjs"

export async function readTheDocs(page) {
  const strangers = []
  const hear = (request) => {
    const { origin, protocol } = new URL(request.url())
    if (origin !== baseUrl && protocol !== "data:" && protocol !== "blob:") strangers.push(request.url())
  }
  page.on("request", hear)
  await page.goto("/api/docs/")
  await page.locator("#operations-chat-post_message").waitFor()
  const document = await (await page.request.get("/api/openapi.json")).json()
  const operations = Object.values(document.paths).flatMap((path) => Object.keys(path).filter((method) => /^(get|post|put|patch|delete)$/.test(method)))
  assert.equal(await page.locator(".opblock").count(), operations.length, "every operation is on the page")
  await page.locator("#operations-chat-post_message .opblock-summary-control").click()
  await page.getByText("Begins a run, unless one is at work").waitFor()
  page.off("request", hear)
  assert.deepEqual(strangers, [], "nothing was asked of another origin")
}
