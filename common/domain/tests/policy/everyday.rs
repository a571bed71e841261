//! Long command lines of the ordinary kind: what an agent writes when it has much to say, not to be slow.
//!
//! Owns: the list that the tests and the measurement of speed share, beside [`crate::hostile`].

/// What stands before, what is repeated (`№` is its number), what stands behind.
pub(crate) const SHAPES: &[(&str, &str, &str)] = &[
    (
        "cat > src/page.html <<'EOF'\n",
        "  <li class=\"item\" id=\"n№\"><a href=\"/page/№?x=1&y=2\">It's item №</a></li>\n",
        "EOF",
    ),
    ("cat > config.yml <<EOF\n", "key№: ${VALUE№:-none} # $HOME/data/№, made on $(date +%F)\n", "EOF"),
    ("cat <<EOF | tee notes.md\n", "- item № of the list, with `code` and a path src/file№.rs\n", "EOF"),
    ("python3 - <<'PY'\n", "def f№(x):\n    return {'a': [x, \"№\"], 'b': (x * 2) % 7}  # nothing\n", "PY"),
    ("psql mydb <<SQL\n", "INSERT INTO items (id, name) VALUES (№, 'item №; it is; here');\n", "SQL"),
    ("git apply <<'PATCH'\n", "-    let x№ = a[№] && b || c;\n+    let x№ = a.get(№)?;\n", "PATCH\n"),
    ("bash <<'SH'\n", "echo \"step №\" && cp src/a№.txt out/b№.txt || exit 1\n", "SH"),
    ("git add", " src/room/file№.rs", ""),
    ("rm -f", " build/obj/part№.o", ""),
    ("rm -rf", " node_modules/package-№", ""),
    ("wc -l", " ./docs/page-№.md", " | tail -n 1"),
    ("tar czf out.tgz", " 'My Files/report №.pdf'", ""),
    ("chmod -R u+w", " vendor/lib№/*", ""),
    ("cat log.txt", " | grep -v 'error №' | sed 's/a№/b/g'", " | head"),
    ("cat a.txt", " | tr a-z A-Z | sort | uniq -c", ""),
    ("mkdir -p out", " && cp -r src/part№ out/part№", ""),
    ("true", " || echo 'try №' >> log.txt", ""),
    (
        "curl -s -X POST -H 'Content-Type: application/json' -d '{\"items\":[",
        "{\"id\":№,\"name\":\"item №\",\"tags\":[\"a\",\"b\"],\"url\":\"https://example.com/№\"},",
        "{}]}' https://api.example.com/v1/items",
    ),
    (
        "curl -s -d \"{\\\"items\\\":[",
        "{\\\"id\\\":№,\\\"name\\\":\\\"item №\\\"},",
        "{}]}\" https://api.example.com/v1/items",
    ),
    (
        "jq -n --argjson a '[",
        "{\"path\":\"/srv/data/№\",\"mail\":\"a№@example.com\"},",
        "null]' '$a | length'",
    ),
    ("python3 -c '", "x№ = [int(i) for i in range(№) if i % 2 == 0]; print(x№)\n", "'"),
    ("node -e \"", "const a№ = [1, 2, №].map(x => x + №);\n", "\""),
    ("awk '", "/item№/ { count[\"№\"] += $2; print $1, $2 > \"/dev/stderr\" }\n", "' data.csv"),
    ("base64 -d > image.png <<< '", "iVBORw0KGgoAAAANSUhEUgAAAAE№AAABCAYAAAAfFcSJ+/=", "'"),
    ("printf '%s\\n'", " 'line № of the text'", " > lines.txt"),
    ("sed -i", " -e 's/old№/new№/g'", " src/main.rs"),
    ("", "echo \"line № of $USER\" >> out.txt\n", ""),
    ("set -e\n", "npm run build -- --part=№ > log/№.txt 2>&1\n", ""),
    ("", "for f in a№ b c; do\n  [ -f \"$f\" ] && mv \"$f\" \"old/$f\"\ndone\n", ""),
    ("", "if [[ -d dir№ && ! -e x ]]; then cd dir№; make; cd ..; fi\n", ""),
    ("", "x№=$(git log -n № --format=%H | head -1)\necho \"$x№\"\n", ""),
    (
        "",
        "step№() {\n  local name=\"$1\"\n  make -C \"src/part№\" \"$name\" > log/№.txt && cp out/part№ \"dist/$name\"\n}\n",
        "step1 a; step2 b",
    ),
    ("", "mkdir -p app/{src,test,docs}/part№ && touch app/{src,test}/part№/mod.rs\n", ""),
    ("", "# Step №: nothing to see here\nls -la src/part№ | head -n 5\n", ""),
    ("", "docker run --rm -e KEY№=value -v \"$PWD:/app\" image:№ npm test; ", "true"),
    ("docker run --rm \\\n", "  -e KEY№=value-№ \\\n", "  image"),
    ("docker run --rm", " -e KEY№='a value; with №'", " image"),
    ("curl -s", " -H 'X-Header-№: value, №'", " https://example.com"),
    ("FILES=(", "src/file№.rs ", "); echo \"${#FILES[@]}\""),
    ("for f in", " docs/page№.md", "; do wc -l \"$f\"; done"),
    ("case \"$1\" in\n", "  part№) echo '№'; make part№ ;;\n", "  *) exit 1 ;;\nesac"),
    ("find . \\(", " -name '*.part№' -o", " -name '*.txt' \\) -print"),
    ("bash -c '", "echo \"step №\"; cp src/a№.txt out/b№.txt || exit 1\n", "'"),
    ("ssh host 'set -e\n", "sudo systemctl restart part№ && sleep №\n", "'"),
    ("echo", " src/file№.rs", " | xargs -n 1 wc -l"),
    ("echo '", "src/file№.rs\n", "' | while read -r f; do wc -l \"$f\"; done"),
    ("git commit -m \"$(cat <<'EOF'\n", "Say why № matters: it's (really) a thing.\n", "EOF\n)\""),
    ("", "ünïcode-№ 'größe № — ok' «№»\n", ""),
    ("sudo tee /etc/app/app.conf > /dev/null <<EOF\n", "option№ = \"value №\"\n", "EOF"),
    ("sleep 1", " & wait; timeout № make part№", ""),
    ("jq '.", "|.a№[0]", "' a.json"),
    ("pip install", " 'package-№>=1.№,<2'", ""),
];

/// One of them, up to a size.
pub(crate) fn filled((before, piece, after): (&str, &str, &str), size: usize) -> String {
    let mut text = before.to_owned();
    for number in 1.. {
        let more = piece.replace('№', &number.to_string());
        if text.len() + more.len() + after.len() > size {
            break;
        }
        text += &more;
    }
    text + after
}
