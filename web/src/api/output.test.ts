import { expect, test } from "vitest"
import { Output } from "./output"

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (output: Output) => new TextDecoder().decode(output.bytes())

test("output joins by offset; what comes twice is taken once; a hole is told", () => {
  const output = new Output()
  expect(output.push(0, bytes("abc"))).toBeUndefined()
  output.push(0, bytes("abc"))
  output.push(2, bytes("cde"))
  expect(text(output)).toBe("abcde")
  expect(output.push(9, bytes("z"))).toEqual({ hole: 5 })
  expect(text(output)).toBe("abcde")
})

test("a viewer that comes late starts where the stream starts", () => {
  const output = new Output()
  output.push(4096, bytes("tail"))
  expect([output.start, output.end]).toEqual([4096, 4100])
})

test("only the last half megabyte is kept", () => {
  const output = new Output()
  for (let at = 0; at < 3_000_000; at += 30_000) output.push(at, new Uint8Array(30_000))
  expect(output.end).toBe(3_000_000)
  expect(output.bytes().length).toBeLessThanOrEqual(512 * 1024)
})
