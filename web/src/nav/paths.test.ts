import { expect, test } from "vitest"
import { innerPath } from "./paths"

test("after signing in one returns only to a page of this application", () => {
  expect(innerPath("/approvals/apr_1")).toBe("/approvals/apr_1")
  for (const wanted of [null, "", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"]) expect(innerPath(wanted)).toBe("/")
})
