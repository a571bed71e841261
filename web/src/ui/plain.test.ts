import { expect, test } from "vitest"
import { plainLine, plainLines } from "./plain"

const bytes = (text: string) => new TextEncoder().encode(text)

test("colours, titles and cursor moves leave no trace", () => {
  expect(plainLine("\u001b[1;32mok\u001b[0m \u001b]0;title\u0007done\u001b[K")).toBe("ok done")
  expect(plainLine("\u001b]8;;https://evil.example\u001b\\link\u001b]8;;\u001b\\")).toBe("link")
})

test("an escape code that is still being written is not shown", () => {
  expect(plainLine("12%\u001b[3")).toBe("12%")
})

test("a progress line shows its last state", () => {
  expect(plainLine("10%\r55%\r100%")).toBe("100%")
  expect(plainLine("abc\b\bX")).toBe("aXc")
})

test("control and direction characters become visible signs", () => {
  expect(plainLine("a\u0000b\u202ec")).toBe("a\u2400b\ufffdc")
})

test("only the last lines are kept, and how many were cut is told", () => {
  const text = Array.from({ length: 500 }, (_, i) => `line ${i}`).join("\r\n")
  const { lines, cut } = plainLines(bytes(`${text}\r\n`), 400)
  expect(lines.at(-1)).toBe("line 499")
  expect(lines.length).toBe(399)
  expect(cut).toBe(101)
})

test("a letter cut in two by the end of the buffer does no harm", () => {
  expect(plainLines(bytes("שלום").subarray(0, 5), 400).lines).toEqual(["של\ufffd"])
})
