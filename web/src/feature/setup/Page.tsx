import { useEffect, useState } from "react"
import { useLocation, useNavigate } from "react-router"
import { link } from "../../api/connection"
import { useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Lone } from "../../ui/Lone"
import { ModelForm } from "../../ui/ModelForm"
import { Owner } from "./Owner"
import { Place } from "./Place"
import { Practice } from "./Practice"
import { closeWizard, keepStep, keptStep, STEPS, type Step, codeIn } from "./step"

export default function SetupPage() {
  const text = useText()
  const navigate = useNavigate()
  const { hash } = useLocation()
  const [claimCode] = useState(() => codeIn(hash))
  const [step, setStep] = useState(keptStep)
  useEffect(() => {
    // Out of the address, so that it stays in no history and no screenshot.
    if (hash) void navigate(paths.setup, { replace: true })
  }, [hash, navigate])
  const go = (next: Step) => {
    keepStep(next)
    setStep(next)
    scrollTo(0, 0)
  }
  const finish = () => {
    closeWizard()
    void navigate(paths.chats, { replace: true })
  }
  const titles: Record<Step, { title: string; lead: string }> = {
    owner: { title: text.setup.ownerTitle, lead: text.setup.ownerLead },
    model: { title: text.setup.modelTitle, lead: text.setup.modelLead },
    place: { title: text.setup.placeTitle, lead: text.setup.placeLead },
    practice: { title: text.setup.practiceTitle, lead: text.setup.practiceLead },
  }
  return (
    <Lone {...titles[step]} step={text.setup.step(STEPS.indexOf(step) + 1, STEPS.length)}>
      {step === "owner" ? (
        <Owner
          code={claimCode}
          onDone={() => {
            link.start()
            go("model")
          }}
        />
      ) : null}
      {step === "model" ? <ModelForm demo onDone={() => go("place")} /> : null}
      {step === "place" ? <Place onDone={() => go("practice")} /> : null}
      {step === "practice" ? <Practice onDone={finish} /> : null}
    </Lone>
  )
}
