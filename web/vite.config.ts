import tailwindcss from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { VitePWA } from "vite-plugin-pwa"
import { defineConfig } from "vitest/config"

// `npm run dev` talks to a running api; the address comes from the stack launcher's JSON line.
const api = process.env.BASE_URL ?? "http://127.0.0.1:7770"

export default defineConfig({
  plugins: [
    react(),
    tailwindcss(),
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src",
      filename: "sw.ts",
      registerType: "prompt",
      // app/update.ts registers it: the ready-made script is not made for Trusted Types.
      injectRegister: false,
      manifest: {
        id: "/",
        name: "MetatronOS",
        short_name: "MetatronOS",
        description: "An AI in a real shell, watched and approved by you.",
        start_url: "/",
        scope: "/",
        display: "standalone",
        background_color: "#F6F3EC",
        theme_color: "#F6F3EC",
        icons: [
          { src: "/icon-192.png", sizes: "192x192", type: "image/png" },
          { src: "/icon-512.png", sizes: "512x512", type: "image/png" },
          { src: "/icon-maskable.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
        ],
      },
      injectManifest: {
        globPatterns: ["index.html", "boot.js", "icon.svg", "assets/*.{js,css}", "assets/*-{latin,hebrew}-wght-normal-*.woff2"],
      },
    }),
  ],
  build: {
    // light-dark() is used as it is; older engines than these are not served.
    target: ["chrome123", "safari17.5", "firefox121"],
    // The CSP allows no data: fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
  },
  server: { proxy: { "/api": { target: api, ws: true }, "/readyz": api, "/healthz": api } },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
})
