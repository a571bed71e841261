import { expect, test } from "vitest"
import { en } from "../../i18n/en"
import { headOf } from "./api"
import { ROOMS } from "./rooms"

test("every kind of row is found in a room", () => {
  const known = new Set(Object.values(ROOMS).flatMap((kinds) => kinds.split(",")))
  expect(Object.keys(en.audit.kinds).filter((kind) => !known.has(kind.split(".")[0] ?? ""))).toEqual([])
})

test("a noted head is read as it was copied, and nothing else is", () => {
  const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  expect(headOf(` 128  ${hash.toUpperCase()}\n`)).toEqual({ count: 128, hash })
  for (const no of ["", "128", hash, `x ${hash}`, `128 ${hash}0`]) expect(headOf(no)).toBeUndefined()
})
