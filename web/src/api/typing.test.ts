import { beforeEach, expect, test } from "vitest"
import { Typing } from "./typing"

let sent: number[][]
let isThere: boolean
let typing: Typing
const sum = () => sent.reduce((all, piece) => all + piece.length, 0)

beforeEach(() => {
  sent = []
  isThere = true
  typing = new Typing((bytes) => {
    if (isThere) sent.push([...bytes])
    return isThere
  })
})

test("a key goes at once, a long paste in pieces and no faster than it is typed", () => {
  const paste = Uint8Array.from({ length: 200_000 }, (_, at) => at & 0xff)
  expect(typing.push(paste)).toBe(true)
  expect(sum()).toBeLessThanOrEqual(64 * 1024)
  for (let typed = 0; typed < paste.length; typed = sum()) typing.pressed(sum())
  expect(sent.flat()).toEqual([...paste])
  expect(Math.max(...sent.map((piece) => piece.length))).toBe(16 * 1024)
  expect(typing.left).toBe(0)
})

test("without a line keys are dropped, not kept for later", () => {
  isThere = false
  expect(typing.push(Uint8Array.of(1))).toBe(false)
  isThere = true
  typing.begin()
  expect(sent).toEqual([])
})

test("a line that is gone takes what waits along; one that is only made anew does not", () => {
  typing.push(new Uint8Array(100_000))
  const before = sum()
  typing.begin()
  expect(sum()).toBe(100_000)
  typing.push(new Uint8Array(100_000))
  typing.drop()
  expect(typing.left).toBe(0)
  expect(before).toBe(64 * 1024)
})

test("an old count changes nothing", () => {
  typing.push(new Uint8Array(64 * 1024))
  typing.pressed(64 * 1024)
  typing.pressed(10)
  typing.push(Uint8Array.of(7))
  expect(sent.at(-1)).toEqual([7])
})
