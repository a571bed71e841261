// Writes src/api/schema.ts from the OpenAPI document that the api service commits beside its tests.
import { readFile, writeFile } from "node:fs/promises"
import openapi, { astToString } from "openapi-typescript"

export const document = new URL("../services/api/openapi.json", import.meta.url)
export const schema = new URL("src/api/schema.ts", import.meta.url)

/** The TypeScript of the committed document. */
export async function generate() {
  const text = await readFile(document, "utf8")
  const ast = await openapi(JSON.parse(text))
  return `// Made by \`npm run gen\` from ../services/api/openapi.json. Do not edit.\n${astToString(ast)}`
}

if (import.meta.filename === process.argv[1]) await writeFile(schema, await generate())
