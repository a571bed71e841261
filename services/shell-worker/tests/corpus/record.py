#!/usr/bin/env python3
"""Records what real programs write to their terminal: NAME.bin here, sizes and resizes in index.json.

Run as root in a container of its own: `unshare -pfu --mount-proc sh -c "hostname box; python3 record.py [NAME...]"`, so
that nothing of the machine is in the recordings. The files in `hand.py` are written, not recorded.
"""
import fcntl, json, os, pty, re, select, signal, struct, sys, termios, time

HERE = os.path.dirname(os.path.abspath(__file__))
HOME = "/tmp/terminal-corpus"
ENVIRONMENT = {
    "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "HOME": HOME, "SHELL": "/bin/bash",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "PS1": r"\[\e[32m\]owner\[\e[0m\]:\w\$ ",
    "DEBIAN_FRONTEND": "noninteractive", "HISTFILE": "/dev/null",
}
BASH = ["bash", "--norc", "--noprofile"]
# A string is typed, a number is a pause in seconds, bytes are waited for, a pair is a new size. The last pause shows what is compared.
PROGRAMS = {
    "vim": (80, 24, ["vim", "-n", "-u", "NONE", "-N", "-c", "syntax on|set nu hlsearch", "sample.rs"],
            [1.2, "/fn\r", .4, "jjdd", .3, "onew line – neu\x1b", .4, ":vsplit\r", .5, "\x06", .5]),
    "vim-120x40": (120, 40, ["vim", "-n", "-u", "NONE", "-N", "-c", "syntax on|set nu ruler termguicolors|colorscheme desert",
                             "sample.rs"], [1.2, "G", .4, "\x15", .4, "ihello\x1b", .4, "v5k", .4]),
    "vim-quit": (80, 24, BASH, [.4, "seq 5\r", .3, "vim -n -u NONE sample.rs\r", 1, "ihi\x1b:q!\r", .6, "echo back\r", .4]),
    "htop": (80, 24, ["htop", "-d", "5"], [1.6, "\x1b[B\x1b[B", .6]),
    "htop-120x40": (120, 40, ["htop", "-d", "5"], [1.4, "\x1bOQ", .5, "\x1b", .8]),
    "tmux": (80, 24, ["tmux", "-f", "tmux.conf", "-L", "corpus", "new", "-s", "main", "bash --norc --noprofile"],
             [1.5, "ls -la --color /etc | head -30\r", .5, "\x02%", .5,
              "seq 100\r", .5, "\x02\"", .5, "echo 'wide 漢字 ok'\r", .5]),
    "less": (80, 24, ["less", "-R", "colours.txt"], [.6, " ", .3, " ", .3, "b", .3, "/line 9\r", .4]),
    "nano": (80, 24, ["nano", "-I", "sample.rs"], [1.8, "hello, 世界", .4, "\x0b\x0b\x15", .4, "\x17fn\r", .5]),
    "top": (80, 24, ["top", "-d", "1"], [1.6, "1", 1.2]),
    "mc": (80, 24, ["mc", "-d", "."], [1.5, "\x1b[B\x1b[B", .5, "\x1bOR", .8]),
    "mc-menu": (120, 40, ["mc"], [1.5, "\x1b[20~", .8]),
    "apt": (80, 24, ["apt-get", "-y", "-o", "Dpkg::Progress-Fancy=1", "-o", "Dpkg::Progress-Fancy::Progress-Bar=1",
                     "install", "--reinstall", "./hello.deb"], [25]),  # its cut-off twin is `apt-running`
    "bash-line": (80, 24, BASH, [.4, "echo " + "long " * 30, .3, "\x01\x1b[C\x1b[C\x1bd", .3, "\x05 end\r", .3,
                                 "printf '%s\\t' a bb ccc; echo\r", .3, "echo unfinished 'qu\x17\x15", .3]),
    "ls-color": (80, 24, BASH, [.4, "ls -la --color=always /usr/lib | head -60\r", .5]),
    "git": (80, 24, BASH, [.4, "cd repo; git -c color.ui=always log -p | head -80\r", .6]),
    "python": (80, 24, ["python3", "-c", "import sys,time\nfor i in range(101):\n    sys.stdout.write('\\r\\x1b[K\\x1b[36m%3d%%\\x1b[0m '%i+'█'*(i//2)+'░'*(50-i//2)); sys.stdout.flush(); time.sleep(.004)\nprint('\\ndone ✓')"], [1.2]),
    "dialog-select": (80, 24, BASH, [.4, "select x in one two three; do echo $x; done\r", .3, "2\r", .3]),
    "resize-bash": (80, 24, BASH, [.4, "seq 40; echo " + "0123456789" * 12 + "\r", .5, (60, 20), .4, "echo narrow\r", .3,
                                   (100, 30), .4, "echo wide\r", .3]),
    "resize-vim": (80, 24, ["vim", "-n", "-u", "NONE", "-N", "sample.rs"], [.8, (100, 30), .6, "jjj", .3, (70, 18), .6]),
    "resize-less": (80, 24, ["less", "sample.rs"], [.5, (60, 16), .4, " ", .3, (90, 28), .4]),
    "resize-htop": (80, 24, ["htop", "-d", "5"], [1.2, (110, 35), 1.2]),
}


def prepare():
    os.system(f"rm -rf {HOME}")
    os.makedirs(HOME)
    os.chdir(HOME)
    with open("sample.rs", "w") as file:
        for i in range(30):
            file.write(f'/// Number {i}, täglich.\nfn number_{i}(x: u32) -> Option<&\'static str> {{\n'
                       f'    if x > {i} {{ Some("größer") }} else {{ None }} // TODO\n}}\n\n')
    with open("tmux.conf", "w") as file:
        file.write("set -g status-right ''\nset -g default-terminal tmux-256color\nset -s escape-time 0\n")
    with open("colours.txt", "w") as file:
        for i in range(200):
            file.write(f"\x1b[{31 + i % 7};1mline {i}\x1b[0m \x1b[48;5;{i}m  \x1b[0m \x1b[38;2;{i};99;200mtrue\x1b[m\n")
    os.system("apt-get download hello >/dev/null 2>&1; mv hello_*.deb hello.deb; rm -rf repo; git init -q repo; cd repo;"
              "for i in 1 2 3 4 5; do seq $i 30 > f; git add f; export GIT_COMMITTER_DATE=2026-01-0${i}T10:00:00; git -c user.name=o -c user.email=o@localhost commit -q"
              " --date=$GIT_COMMITTER_DATE -m \"Change $i\"; done")


def resize(master, columns, rows):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def record(name):
    columns, rows, command, script = PROGRAMS[name]
    child, master = pty.fork()
    if child == 0:
        time.sleep(.2)
        os.chdir(HOME)
        os.execvpe(command[0], command, ENVIRONMENT)
    resize(master, columns, rows)
    output, resizes = b"", []

    def read(seconds, until=None):
        nonlocal output
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not (until and until in output):
            if not select.select([master], [], [], left)[0]:
                continue
            try:
                output += os.read(master, 65536)
            except OSError:
                return

    for step in script:
        if isinstance(step, str):
            os.write(master, step.encode())
        elif isinstance(step, tuple):
            resizes.append({"at": len(output), "columns": step[0], "rows": step[1]})
            resize(master, *step)
        elif isinstance(step, bytes):
            read(60, step)
        else:
            read(step)
    os.kill(child, signal.SIGKILL)
    os.close(master)
    os.waitpid(child, 0)
    # Where a package came from is nobody's business.
    output = re.sub(rb"http://[\w.]+/", lambda host: b"http://" + b"mirror.example.invalid"[:len(host[0]) - 8] + b"/", output)
    with open(os.path.join(HERE, f"{name}.bin"), "wb") as file:
        file.write(output)
    if name == "apt":
        with open(os.path.join(HERE, "apt-running.bin"), "wb") as file:
            file.write(output[:output.index(b"Progress: [ 40%]") + 60])
    entry = {"name": name, "columns": columns, "rows": rows}
    return entry | ({"resize": resizes} if resizes else {})


def main():
    prepare()
    wanted = sys.argv[1:] or list(PROGRAMS)
    path = os.path.join(HERE, "index.json")
    index = {entry["name"]: entry for entry in json.load(open(path))} if os.path.exists(path) else {}
    for name in wanted:
        index[name] = record(name)
        if name == "apt":
            index["apt-running"] = index[name] | {"name": "apt-running"}
        print(name, os.path.getsize(os.path.join(HERE, f"{name}.bin")))
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join("  " + json.dumps(index[name]) for name in sorted(index)) + "\n]\n")


main()
