import { expect, test } from "vitest"
import { readNotice } from "./notice"

const id = "apr_01h455vb4pex5vsknk084sn02q"

test("a notice names a question and nothing else that could lead anywhere", () => {
  expect(readNotice(JSON.stringify({ v: 1, kind: "approval", id, lang: "he", chat: "x" }))).toEqual({ kind: "approval", id, lang: "he" })
  expect(readNotice(JSON.stringify({ v: 1, kind: "withdrawal", id, lang: "fr" }))).toEqual({ kind: "withdrawal", id, lang: "en" })
  expect(readNotice(JSON.stringify({ v: 1, kind: "test" }))).toEqual({ kind: "test", lang: "en" })
})

test("what is no notice of this version is passed over", () => {
  for (const text of [undefined, "", "null", "[]", "{", "7", JSON.stringify({ v: 2, kind: "test" }), JSON.stringify({ v: 1, kind: "approval", id: "../settings" }), JSON.stringify({ v: 1, kind: "else", id })])
    expect(readNotice(text)).toBeUndefined()
})
