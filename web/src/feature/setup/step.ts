// Where the wizard stands, so that a reload in the middle goes on there.

export const STEPS = ["owner", "model", "place", "practice"] as const
export type Step = (typeof STEPS)[number]

const KEPT = "metatron.setup"

export function keptStep(): Step {
  const kept = sessionStorage.getItem(KEPT)
  return STEPS.find((step) => step === kept) ?? "owner"
}

export const keepStep = (step: Step): void => sessionStorage.setItem(KEPT, step)
export const closeWizard = (): void => sessionStorage.removeItem(KEPT)
export const wizardIsOpen = (): boolean => keptStep() !== "owner"

/** Takes the claim code out of the address (`#code=…`), so that it stays in no history and no screenshot. */
export function takeCode(): string {
  const code = new URLSearchParams(location.hash.slice(1)).get("code") ?? ""
  if (code) history.replaceState(history.state, "", location.pathname + location.search)
  return code
}
