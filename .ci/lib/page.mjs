// The browser half of `.ci/validate` and `.ci/screenshot`:
//
//   page.mjs alone FILE                           problems a reader without a network would have
//   page.mjs axe FILE light|dark|print            accessibility violations in that rendering
//   page.mjs screenshot FILE PNG [WIDTH] [light|dark|print]
//
// Prints one problem a line, and what is only worth knowing after `info: `.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.env.DEKEY_MODULES, "/"));
const { chromium } = require("playwright-core");

const [command, file, ...rest] = process.argv.slice(2);
const url = pathToFileURL(resolve(file)).href;

const oneLine = (text) => String(text).replace(/\s+/g, " ").slice(0, 300);

// The system's browser, kept from everything that it does on its own behalf over the network.
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

/** Opens the report; `onRequest` is told of every address that it wants, and only its own file is let through. */
async function open(scheme, options = {}, onRequest = () => {}) {
  const print = scheme === "print";
  const context = await browser.newContext({ colorScheme: print ? "light" : scheme, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  await page.route("**/*", (route) => {
    const wanted = route.request().url();
    if (wanted === url || wanted.startsWith("data:") || wanted.startsWith("blob:")) return route.continue();
    onRequest(wanted);
    return route.abort();
  });
  page.on("pageerror", (error) => onRequest(`script error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && onRequest(`console error: ${message.text()}`));
  if (print) await page.emulateMedia({ media: "print" });
  await page.goto(url, { waitUntil: "load" });
  return page;
}

/** One file, nothing fetched, no script error: what a person has who got the report by mail. */
async function alone() {
  const seen = new Set();
  const page = await open("light", {}, (what) => seen.add(what));
  // Lazy images only ask once they are in view.
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
  await page.waitForLoadState("networkidle");
  for (const what of seen) console.log(oneLine(what.includes("error: ") ? what : `wants ${what}`));
}

async function axe(scheme) {
  // The page's own content security policy is right to keep axe out; here it has to be let in.
  const page = await open(scheme, { bypassCSP: true });
  await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  // Sections that start folded are part of the report too.
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  const { violations, incomplete } = await page.evaluate(() =>
    window.axe.run({ resultTypes: ["violations", "incomplete"], performanceTimer: false }),
  );
  for (const { id, nodes, help } of violations)
    console.log(oneLine(`${id} x${nodes.length}: ${help}; first: ${nodes[0].target.join(" ")}`));
  for (const { id, nodes } of incomplete)
    console.log(oneLine(`info: ${id} x${nodes.length} for a person to judge; first: ${nodes[0].target.join(" ")}`));
}

async function screenshot(png, width = "1280", scheme = "light") {
  const page = await open(scheme, { viewport: { width: Number(width), height: 900 } });
  await page.screenshot({ path: png, fullPage: true });
}

try {
  await { alone, axe, screenshot }[command](...rest);
} finally {
  await browser.close();
}
