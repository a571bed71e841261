// Feeds every file of ../corpus to @xterm/headless and writes what it shows to ../golden: `node golden.mjs`.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, open, print, write } from "./screen.mjs";

const at = (path) => new URL(path, import.meta.url);
mkdirSync(at("../golden/"), { recursive: true });
for (const entry of JSON.parse(readFileSync(at("../corpus/index.json")))) {
  const bytes = readFileSync(at(`../corpus/${entry.name}.bin`));
  const terminal = open(entry);
  let from = 0;
  for (const { at: offset, columns, rows } of entry.resize ?? []) {
    await write(terminal, bytes.subarray(from, offset));
    terminal.resize(columns, rows);
    from = offset;
  }
  await write(terminal, bytes.subarray(from));
  writeFileSync(at(`../golden/${entry.name}.json`), print(describe(terminal)));
  terminal.dispose();
}
process.exit(0);
