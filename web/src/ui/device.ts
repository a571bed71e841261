// What a browser calls itself, as a person would.
const BROWSERS = [
  ["Firefox", /Firefox\//],
  ["Edge", /Edg\//],
  ["Opera", /OPR\//],
  ["Chrome", /Chrom(?:e|ium)\//],
  ["Safari", /Safari\//],
] as const
const SYSTEMS = [
  ["Android", /Android/],
  ["iOS", /iPhone|iPad|iPod/],
  ["macOS", /Mac OS X/],
  ["Windows", /Windows/],
  ["Linux", /Linux|X11/],
] as const

const first = (list: readonly (readonly [string, RegExp])[], text: string) => list.find(([, pattern]) => pattern.test(text))?.[0]

/** `Firefox, Linux`; what can't be told stays as it came, cut short. */
export function deviceName(agent: string): string {
  const known = [first(BROWSERS, agent), first(SYSTEMS, agent)].filter((it) => it !== undefined)
  return known.length > 0 ? known.join(", ") : agent.slice(0, 40)
}
