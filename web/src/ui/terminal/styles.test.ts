import { expect, test } from "vitest"
import { admitStyles } from "./styles"

test("a style element's text becomes a sheet of the page, and leaves with it", () => {
  admitStyles(document)
  admitStyles(document)
  const element = document.body.appendChild(document.createElement("style"))
  element.textContent = ".a { color: red; }"
  element.textContent = ".b { color: blue; }"
  expect(document.adoptedStyleSheets.flatMap((sheet) => [...sheet.cssRules].map((rule) => rule.cssText)).join()).toContain(".b")
  expect(document.querySelector("style")).toBeNull()
  element.remove()
  expect(document.adoptedStyleSheets.length).toBe(0)
  expect(element.isConnected).toBe(false)
})
