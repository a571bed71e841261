// English words of what runs as root, of what came from outside, and of what a command would do.
const many = (n: number, one: string, other: string) => (n === 1 ? one : other)

export const effect = {
  programs: "runs",
  writes: "writes",
  deletes: "deletes",
  reads: "reads",
  sensitive: "names secrets:",
  secrets: "gets the secrets",
  secretsUnknown: "which secrets it gets is not known",
  noSecrets: "gets no secret",
  network: "reaches the network",
  privilege: "asks for root",
  packages: "changes packages",
  services: "changes services",
  irreversible: "hard to reverse",
  reversible: "easy to reverse",
  unknown: "not known:",
}

export const elevated = {
  title: "Commands as root",
  lead: "What the AI may ask for as root in the container. Each such command waits for your own answer, with the password; no rule and no mode allows it.",
  level: { off: "Nothing", packages: "Debian packages", commands: "Packages and any command" },
  says: {
    off: "Nothing runs as root.",
    packages: "The AI may name packages. One helper installs them; the card shows what apt would do.",
    commands: "The AI may ask for any command as root too. Root in the container can read and change everything of this system, its keys included.",
  },
  since: (time: string) => `Since ${time}.`,
  impossible: "It can’t be had here: the shell service does not run as root. Start it as root, or use the container.",
  set: "Change",
  reauthLead: "This lets the AI ask for commands as root, so it needs your password.",
  asRoot: "As root in the container: it can change everything there.",
  tag: "root",
  refresh: "Fetches the lists of packages from the sources this machine knows.",
  plan: "What apt says it would do",
  installs: (n: number) => `installs ${many(n, "one package", `${n} packages`)}`,
  removes: (n: number) => `REMOVES ${many(n, "one package", `${n} packages`)}`,
  fetches: (size: string) => `fetches ${size}`,
  taint: {
    lead: "It is asked whatever your rules and modes say: something from outside has come into this chat.",
    command: "by a command that fetched",
    typed: "by what was typed into a terminal",
    program: "by a program’s message",
    earlier: "in an earlier run",
  },
  unasked: "Ran without a question",
  unaskedLead: "Under a rule of yours, or in full mode.",
  noneUnasked: "Nothing has run without a question.",
}
