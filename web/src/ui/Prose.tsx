import Markdown, { type Components } from "react-markdown"
import rehypeSanitize, { defaultSchema } from "rehype-sanitize"
import remarkGfm from "remark-gfm"
import remend from "remend"

// What a model writes is not trusted: no remote picture is fetched (a fetch alone can carry data out), no link is
// followed without a click that shows where it goes.
const schema = {
  ...defaultSchema,
  tagNames: (defaultSchema.tagNames ?? []).filter((name) => name !== "picture" && name !== "source"),
  attributes: { ...defaultSchema.attributes, img: ["alt"] },
  protocols: { ...defaultSchema.protocols, href: ["http", "https", "mailto"], src: [], longDesc: [], cite: [] },
}

const components: Components = {
  a: ({ href, children }) =>
    href && /^(https?:|mailto:)/i.test(href) ? (
      <a className="link" href={href} title={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
  img: ({ alt }) => <span className="meta">[{alt === undefined || alt === "" ? "image" : alt}]</span>,
  table: ({ children }) => (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard
    <div className="scroll" tabIndex={0} role="group">
      <table>{children}</table>
    </div>
  ),
  // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
}

/** Markdown of a model, sanitised. While it streams, unfinished marks are closed first. */
export function Prose({ text, streaming = false }: { text: string; streaming?: boolean }) {
  return (
    <div className={streaming ? "md streaming" : "md"}>
      <Markdown remarkPlugins={[remarkGfm]} rehypePlugins={[[rehypeSanitize, schema]]} components={components} skipHtml>
        {streaming ? remend(text) : text}
      </Markdown>
    </div>
  )
}
