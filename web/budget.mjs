// The weight of what a first visit loads, gzipped. Fails when a budget is passed.
import { readFile } from "node:fs/promises"
import { gzipSync } from "node:zlib"

const dist = new URL("dist/", import.meta.url)
const manifest = JSON.parse(await readFile(new URL(".vite/manifest.json", dist), "utf8"))

/** Every script and sheet that comes with an entry, without what is loaded later. */
function files(key, seen = new Set()) {
  const chunk = manifest[key]
  if (!chunk || seen.has(chunk.file)) return seen
  seen.add(chunk.file)
  for (const css of chunk.css ?? []) seen.add(css)
  for (const next of chunk.imports ?? []) files(next, seen)
  return seen
}

const weigh = async (names) => {
  let sum = 0
  for (const name of names) sum += gzipSync(await readFile(new URL(name, dist))).length
  return sum / 1000
}

const shell = files("index.html")
const room = (name) => [...files(`src/feature/${name}.tsx`)].filter((file) => !shell.has(file))
const budgets = [
  ["shell", await weigh(shell), 180],
  ["chat", await weigh(room("chat/Page")), 110],
  // Drawing with WebGL comes later and by itself.
  ["terminals", await weigh(room("terminals/Page")), 145],
  ["dock", await weigh(room("terminals/Dock")), 145],
  ["replay", await weigh(room("terminals/ReplayPage")), 145],
]
let over = false
for (const [name, kb, limit] of budgets) {
  console.log(`${name}: ${kb.toFixed(1)} kB gzip of ${limit}`)
  over ||= kb > limit
}
if (over) process.exit(1)
