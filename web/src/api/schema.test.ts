// @vitest-environment node
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { expect, test } from "vitest"

test("schema.ts is what the committed OpenAPI document gives", async () => {
  // @ts-expect-error a plain script without types
  const { document, generate, schema } = (await import("../../gen.mjs")) as { document: URL; generate: () => Promise<string>; schema: URL }
  const made = await readFile(schema, "utf8")
  if (existsSync(document)) expect(made, "run `npm run gen`").toBe(await generate())
  else expect(made).toContain("Written by hand")
}, 60_000) // Generating takes seconds on a busy machine.
