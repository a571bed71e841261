/** Where this browser thinks it is. */
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

/** Every time zone the browser knows, with `also` among them. */
export function allZones(...also: string[]): string[] {
  const known = typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : []
  return [...new Set(["UTC", ...also, ...known])].sort()
}
