import { isRouteErrorResponse, Link, useRouteError } from "react-router"
import { asProblem } from "../api/client"
import { useText } from "../i18n"
import { paths } from "../nav/paths"
import { Loading } from "../ui/Loading"
import { ProblemNote } from "../ui/Problem"

export const Starting = () => (
  <main className="lone">
    <Loading />
  </main>
)

/** Nothing lives at this address. */
export function Lost() {
  const text = useText()
  return (
    <main id="content" className="app">
      <div className="page">
        <header className="head">
          <h1>404</h1>
        </header>
        <p className="lead">{text.problem.notFound}</p>
        <p>
          <Link className="btn" to={paths.now}>
            {text.nav.now}
          </Link>
        </p>
      </div>
    </main>
  )
}

/** A page that failed: the cause if the server named one, else what to do. */
export function Broken() {
  const text = useText()
  const error = useRouteError()
  if (isRouteErrorResponse(error) && error.status === 404) return <Lost />
  const problem = asProblem(error)
  if (problem.code === "unexpected") console.error(error)
  return (
    <main id="content" className="lone">
      {problem.code === "unexpected" ? (
        <div className="note bad" role="alert">
          <p>
            <b>{text.problem.crash}</b> {text.problem.crashNext}
          </p>
        </div>
      ) : (
        <ProblemNote problem={problem} />
      )}
      <button type="button" className="btn ink" onClick={() => location.reload()}>
        {text.common.reload}
      </button>
    </main>
  )
}
