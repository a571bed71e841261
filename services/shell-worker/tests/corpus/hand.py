#!/usr/bin/env python3
"""Writes the corpus files no program has to be recorded for: one feature each. Sizes go to index.json."""
import json, os, random

HERE = os.path.dirname(os.path.abspath(__file__))
E = "\x1b"
fill = "".join(f"{E}[{row};1H" + chr(64 + row) * 80 for row in range(1, 25))
sgr = [1, 2, 3, 4, 5, 7, 8, 9, 21, 53]
FILES = {
    "true-colour": "".join(f"{E}[48;2;{x * 3};{255 - x * 3};{x}m{E}[38;2;{255 - x};{x};128m▀" for x in range(79)) + f"{E}[0m\r\n"
    + "".join(f"{E}[38;5;{x}m{x:>4}" for x in range(256)) + f"{E}[m\r\n" + f"{E}[38:2::10:20:30mcolon {E}[38:2:10:20:30mshort "
    f"{E}[48:5:99mindexed{E}[0m {E}[38;2;300;1;2mbig {E}[38;2;1mfew{E}[m {E}[38;9;1;2;3;4;5;31modd",
    "attributes": "".join(f"{E}[{a}mA{a}{E}[{b}m+{b}{E}[0m " for a in sgr for b in (31, 94, 45, 103))
    + "".join(f"{E}[4:{n}m{E}[58;5;{n}mu{n}{E}[0m " for n in range(7)) + f"{E}[1;2;3;4;5;7;8;9mall"
    + "".join(f"{E}[{n}m{n}" for n in (22, 23, 24, 25, 27, 28, 29, 39, 49, 55, 59)) + f"{E}[58;2;1;2;3;4mline{E}[0;7;41m inverse{E}[K",
    "wide": "漢字かな交じり文\r\n한국어 😀😃🙂 🇩🇪 👨‍👩‍👧‍👦 👍🏽 ❤️ ☎︎\r\n" + "x" * 79 + "漢wrapped\r\n" + "字" * 45
    + f"{E}[10;1H漢字漢字{E}[10;2Hx{E}[11;1H漢字漢字{E}[11;3H{E}[K{E}[12;1H漢字漢字{E}[12;2H{E}[2X{E}[13;1H漢字漢字{E}[13;2H{E}[P"
    f"{E}[14;1H漢字漢字{E}[14;2H{E}[@{E}[15;1Ha漢{E}[15;3Hb{E}[16;79H漢{E}[16;1H{E}[@{E}[17;80H漢{E}[18;80H{E}[?7l漢{E}[19;78Habc漢d{E}[?7h",
    "combining": "e\u0301a\u0308o\u0302\u0303 n\u0303 \u0301alone\r\n\u0301first\r\n" + "a" * 80 + "\u0301\u0302b\r\n"
    f"x{E}[3C\u0308y\u0308{E}[1mz{E}[0m\u0308\r\nZ" + "".join(chr(0x300 + i) for i in range(20)) + "algo\r\n\u200b\u200dzero\ufeffwidth"
    f"\r\n漢\u0301字\u0308\r\nक्षि नमस्ते ไทย עברית العربية\r\ntab\t\u0301mark\r\n{E}[4he\u0301{E}[Dx\u0301{E}[4l",
    "alternate": f"normal 1\r\nnormal 2{E}[31m{E}[?1049h{E}[2;5Halternate{E}[44m{E}[3;1H{E}[K{E}[?25l",
    "alternate-back": f"one\r\ntwo{E}[?1049h{E}[H{E}[2Jfull{E}[10;10H{E}[?1049l three\r\n{E}[?47hx{E}[?47ly{E}[?1047hz{E}[?1047lw{E}[32m{E}7"
    f"{E}[?47h{E}[5;5H{E}7{E}[9;9H{E}8q{E}[?47l{E}8r",
    "region": fill + f"{E}[5;10r{E}[10;1H\n\nlast{E}[5;1H{E}Mfirst{E}[7;3H{E}[2L{E}[42m{E}[8;3H{E}[M{E}[0m{E}[20;1Hbelow\n{E}[24;1H\n\n{E}[3;1H{E}M"
    f"{E}[S{E}[2T{E}[9;9H",
    "region-origin": fill + f"{E}[5;10r{E}[?6h{E}[1;1Htop{E}[99;99Hbottom{E}[3;5Hthree{E}[2Bdown{E}[9Aup",
    "region-scroll": f"{E}[2;5r" + "".join(f"line {i}\r\n" for i in range(30)) + f"{E}[41m{E}[r{E}[24;1H\n\n{E}[0mend",
    "insert-delete": fill + f"{E}[2;10H{E}[3@{E}[3;10H{E}[3P{E}[4;10H{E}[5X{E}[5;10H{E}[L{E}[8;10H{E}[2M{E}[45m{E}[10;70H{E}[20@{E}[11;70H{E}[20P"
    f"{E}[12;70H{E}[99X{E}[23;1H{E}[9L{E}[0m{E}[15;5H{E}[4hinserted{E}[4l over{E}[16;1H{E}[2 @{E}[17;3H{E}[2'}}{E}[18;5H{E}[1'~{E}[3 A",
    "tabs": f"a\tb\tc\r\n{E}[3g{E}[1;5H{E}H{E}[1;33H{E}H{E}[3;1Hx\ty\tz\tend\r\n{E}[5;33H{E}[gA\r\n1\t2\t3{E}[8;40H{E}[2Zback{E}[9;1H{E}[2Ifore{E}[10;80H\t!",
    "wrap-pending": "x" * 80 + f"{E}[2;1H" + "y" * 80 + f"\rz{E}[3;1H" + "w" * 80 + f"{E}[Kq{E}[5;1H" + "v" * 80 + f"\b!{E}[7;1H" + "u" * 80
    + f"{E}[Aup{E}[9;1H" + "t" * 80 + "\t.\r\n" + "s" * 80 + f"{E}7{E}[1;1H{E}8r{E}[20;1H{E}[7m" + "p" * 80,
    "wrap-off": f"{E}[?7l" + "0123456789" * 12 + f"\r\n{E}[1mthen{E}[?45h{E}[4;1H\b\b<{E}[?7h{E}[5;1H" + "abcdefghij" * 9 + f"{E}[6;1H\b\b#{E}[?7l",
    "modes": f"{E}[?1h{E}={E}[?2004h{E}[?1002h{E}[?1006h{E}[?1004h{E}[5 q{E}]0;a title; with ünïcode\x07{E}[4hmodes",
    "modes-mouse": f"{E}[?1000h{E}[?1003h{E}[?1015h{E}[?1005h{E}[?25l{E}[?2004h{E}[?2004l{E}[20hone\ntwo{E}]2;second{E}\\",
    "modes-off": f"{E}[?1h{E}=  {E}[?1003;1006h{E}[?5h{E}[3;9r{E}(0{E}[1m{E}[?7;6;45;1004h{E}[!psoft{E}[?1000lx",
    "reset": f"{E}]0;kept{E}\\{E}[?1h{E}[41mred{E}[2;9r{E}(0{E}[?1049h{E}[?6h{E}cafter",
    "drawing": f"{E}(0lqqqwqqqk\r\nx   x   x\r\ntqqqnqqqu\r\nmqqqvqqqj{E}(B plain\r\n{E})0\x0e`abcdefghijklmnopqrstuvwxyz{{|}}~\x0fplain\r\n"
    f"{E}*0{E}nqq{E}+A{E}o#{E}~\x0f{E}(A#{E}7{E}(B#{E}8#{E}(0\x0eq",
    "repeat": f"ab{E}[5bc\r\n漢{E}[3b\r\ne\u0301{E}[2b\r\nx{E}[m{E}[4by\r\n{E}[3bz\r\n=" + f"{E}[200b{E}[9999999999bend",
    "erase-colour": fill + f"{E}[44m{E}[3;40H{E}[K{E}[4;40H{E}[1K{E}[5;40H{E}[2K{E}[7m{E}[8;40H{E}[0J{E}[0m{E}[2;2H{E}[1J{E}[41m\n\n\n{E}[6;1H{E}[1;4;7mtext{E}[5X{E}[9C|",
    "erase-wide": "".join(f"{E}[{row};1H漢字漢字漢字" for row in range(1, 9)) + f"{E}[1;2H{E}[K{E}[2;4H{E}[1K{E}[3;2H{E}[3X{E}[4;3H{E}[2P{E}[5;2H{E}[3@{E}[6;4Ha{E}[7;3Hb{E}[8;1H{E}[9X",
    "align": f"{E}[31m{E}#8{E}[3;3H{E}[?6h{E}[4;9r{E}#8{E}[2;2Hx",
    "long-lines": "".join(str(i % 10) for i in range(1000)) + "\r\n" + "word " * 100 + "\r\n" + "é" * 170 + f"{E}[3;1H{E}[K{E}[5;1H{E}[2K{E}[7;7H{E}[1K{E}[6;80H{E}[1J",
    "titles": f"{E}]0;zero\x07{E}]1;icon\x07{E}]2;two{E}\\{E}]8;;https://localhost/{E}\\link{E}]8;;{E}\\ {E}]52;c;aGk=\x07{E}]10;?\x07{E}]4;1;#ffffff\x07{E}]2;cut\x18off{E}]2;half",
    "questions": f"{E}[c{E}[>c{E}[5n{E}[6n{E}[?6n{E}[?1$p{E}[4$p{E}P$qm{E}\\{E}P+q544e{E}\\{E}[18t{E}[21t{E}Z{E}_apc{E}\\{E}^pm{E}\\{E}Xsos{E}\\shown",
    "cut": f"before{E}[1;31mred{E}[48;2;1;2",
    "cut-utf8": "before 漢".encode()[:-1],
    "cut-string": f"x{E}[32m{E}Pq#0;2;0;0;0" + "~" * 300,
    "controls": f"a\x00b\x01c\x7fd\x0be\x0cf\r\ng{E}[3\nC|{E}[1\r;3\x08mi{E}[0\x18mj{E}[\x1b[31mk{E}[<1mx{E}[1?my{E}[1 2mz{E}(\rq{E} Fw",
    "c1": "a\u0084b\u0085c\u0088d\u008de\u009b1mf\u009d2;title\u009cg\u0090q\u009ch\u0098i\u009cj",
    "utf8-bad": b"ok \xff\xfe \xc3( \xe2\x82 \xe2\x28\xa1 \xf0\x9f\x98 \xed\xa0\x80 \xf8\x88 \xc0\xaf \xe0\x80\xaf \x80\x84\x85\x9b end \xef\xbf\xbd \xef\xbb\xbf|",
    "sgr-many": "".join(f"{E}[{';'.join(str(n) for n in range(start, start + 40))}m{start}" for start in (0, 30, 90)) + f"{E}[;;;1mx{E}[1;;3my{E}[4:mz{E}[:mw{E}[38:5m?{E}[48;5m!",
    "cursor": f"{E}[5;5Ha{E}[sb{E}[99;99Hc{E}[ud{E}[2Ee{E}[Ff{E}[10Gg{E}[3`h{E}[3ai{E}[4dj{E}[2ek{E}[99Al{E}[99Dm{E}[99Bn{E}[99Co{E}[0;0Hp{E}[;9Hq{E}[9fr{E}[?1048h{E}[H{E}[?1048ls",
    "cursor-origin": fill + f"{E}[5;15r{E}[?6h{E}[3;3Ha{E}[5Gb{E}[2Cc{E}[4dd{E}[2Ae{E}[Bf{E}[sx{E}[9;9H{E}[ug{E}Mh{E}Di{E}Ej",
}
random.seed(7)
FILES["junk"] = bytes(random.randrange(256) for _ in range(6000))
FILES["junk-ascii"] = "".join(random.choice("\x1b[[];?012345ABCDHJKLMPSTXrhlm \x08\t\n\rabc漢e\u0301") for _ in range(8000))
SIZES = {"region-origin": (80, 24), "true-colour": (80, 24), "sgr-many": (120, 40)}

path = os.path.join(HERE, "index.json")
index = {entry["name"]: entry for entry in json.load(open(path))} if os.path.exists(path) else {}
for name, text in FILES.items():
    with open(os.path.join(HERE, f"{name}.bin"), "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    columns, rows = SIZES.get(name, (80, 24))
    index[name] = {"name": name, "columns": columns, "rows": rows}
with open(path, "w") as file:
    file.write("[\n" + ",\n".join("  " + json.dumps(index[name]) for name in sorted(index)) + "\n]\n")
