// Leaves a gzipped twin beside every file of the build that gets smaller by it; the api sends that one to who takes it.
import { readdir, readFile, writeFile } from "node:fs/promises"
import { gzipSync } from "node:zlib"

const dist = new URL("dist/", import.meta.url)
for (const name of await readdir(dist, { recursive: true })) {
  if (!/\.(js|css|html|svg|webmanifest)$/.test(name)) continue
  const plain = await readFile(new URL(name, dist))
  const packed = gzipSync(plain, { level: 9 })
  if (packed.length < plain.length * 0.9) await writeFile(new URL(`${name}.gz`, dist), packed)
}
