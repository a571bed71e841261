import js from "@eslint/js"
import { createNodeResolver, importX } from "eslint-plugin-import-x"
import a11y from "eslint-plugin-jsx-a11y"
import hooks from "eslint-plugin-react-hooks"
import ts from "typescript-eslint"

const FEATURES = ["approvals", "audit", "chat", "login", "now", "schedule", "settings", "setup", "terminals"]
const PAGES = ["src/feature/*/*Page.tsx"]

// Words of Tailwind or CSS that name a side of the screen: the page is mirrored for Hebrew, so none may be used.
const SIDES = "/(^|[\\s:])-?(?:m[lr]|p[lr]|left|right|border-[lr]|rounded-(?:[lr]|[tb][lr])|scroll-[mp][lr])-|(^|\\s)text-(?:left|right)(\\s|$)/"
const SIDE_STYLES = "/^(?:left|right|(?:margin|padding|border)(?:Left|Right)\\w*)$/"

export default ts.config(
  { ignores: ["dist", "src/api/schema.ts"] },
  js.configs.recommended,
  {
    files: ["src/**/*.{ts,tsx}", "vite.config.ts"],
    extends: [ts.configs.strictTypeChecked, a11y.flatConfigs.strict, hooks.configs.flat.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".tsx"] })] },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Handlers may start work whose failure is shown by the query that holds it.
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false, properties: false } }],
      "jsx-a11y/label-has-associated-control": ["error", { depth: 4 }],
      "import-x/no-default-export": "error",
      "import-x/no-cycle": "error",
      "import-x/no-restricted-paths": [
        "error",
        {
          basePath: import.meta.dirname,
          zones: [
            { target: "src/feature", from: "src/app", message: "app knows the features, not the other way round" },
            { target: "src/ui", from: ["src/feature", "src/app", "src/nav"], message: "ui knows no room and no address" },
            { target: ["src/api", "src/i18n", "src/nav"], from: ["src/feature", "src/app", "src/ui"], message: "the ground floor imports nothing above it" },
            ...FEATURES.map((name) => ({
              target: `src/feature/${name}`,
              from: FEATURES.filter((other) => other !== name).map((other) => `src/feature/${other}`),
              message: "a feature never imports a feature",
            })),
          ],
        },
      ],
      "no-restricted-imports": ["error", { patterns: [{ group: ["react-router"], importNames: ["useFetcher"], message: "server state is TanStack Query's" }] }],
      "no-restricted-syntax": [
        "error",
        { selector: `JSXAttribute[name.name='className'] Literal[value=${SIDES}]`, message: "logical sides only: ms, me, ps, pe, start, end" },
        { selector: `JSXAttribute[name.name='style'] Property[key.name=${SIDE_STYLES}]`, message: "logical sides only: insetInlineStart, marginInlineEnd" },
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "nothing becomes HTML here" },
      ],
    },
  },
  { files: ["src/ui/**"], rules: { "no-restricted-imports": ["error", "react-router"] } },
  { files: [...PAGES, "vite.config.ts"], rules: { "import-x/no-default-export": "off" } },
  { files: ["src/**/*.test.{ts,tsx}"], rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
  { files: ["*.mjs", "e2e/**/*.mjs", "public/*.js"], languageOptions: { globals: { console: "readonly", process: "readonly", URL: "readonly", document: "readonly", localStorage: "readonly", sessionStorage: "readonly", navigator: "readonly", setTimeout: "readonly", location: "readonly", window: "readonly" } } },
)
