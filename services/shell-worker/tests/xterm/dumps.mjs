// Feeds the emulator's dumps to a new @xterm/headless each and checks that it is then as the golden file says. The digests
// of those that are go to ../golden/dumps.txt, which the Rust tests hold the dumps against. The dumps are written by
// `EMULATOR_DUMPS=DIR cargo test -p metatron-shell-worker emulator::tests::dumps -- --ignored`; then `node dumps.mjs DIR`.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, open, write } from "./screen.mjs";

const at = (path) => new URL(path, import.meta.url);
const lines = [];
let wrong = 0;
for (const { name } of JSON.parse(readFileSync(at("../corpus/index.json")))) {
  const dump = readFileSync(`${process.argv[2]}/${name}`);
  const shown = JSON.parse(readFileSync(`${process.argv[2]}/${name}.json`));
  const terminal = open(shown);
  await write(terminal, dump);
  const copy = describe(terminal);
  const differ = Object.keys(copy).filter((field) => JSON.stringify(copy[field]) !== JSON.stringify(shown[field]));
  for (const field of differ) {
    const rows = (value) => (Array.isArray(value) ? value : [value]);
    rows(copy[field]).forEach((row, index) => {
      const expected = rows(shown[field])[index];
      if (JSON.stringify(row) !== JSON.stringify(expected)) console.log(`${name}.${field}[${index}]\n  dump  ${row}\n  shown ${expected}`);
    });
  }
  wrong += differ.length > 0;
  if (!differ.length) lines.push(`${createHash("sha256").update(dump).digest("hex")} ${name}`);
}
writeFileSync(at("../golden/dumps.txt"), `${lines.join("\n")}\n`);
console.log(`${lines.length} dumps show what they should, ${wrong} do not`);
process.exit(wrong ? 1 : 0);
