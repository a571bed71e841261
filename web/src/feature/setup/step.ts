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

/** The claim code of an address ending in `#code=…`. A fragment is never sent to a server. */
export const codeIn = (hash: string): string => new URLSearchParams(hash.slice(1)).get("code") ?? ""
