// Checks of the HTML report in Chromium: node html.mjs BINARY FOLDER, with playwright-core in FOLDER/node_modules.
// With SHOTS=FOLDER it also leaves screenshots there, for a person to look at.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

const [binary, work] = process.argv.slice(2);
const { chromium } = createRequire(path.resolve(work, "node_modules", "_"))("playwright-core");
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const MOST_BYTES = 3_000_000;
const LEAST_CONTRAST = 4.5;
const MANY = 10_000;

// One record that is an incident, its words as hostile as a log's can be.
const record = (second, group, words, target, id) => {
  const clock = new Date(second * 1000).toISOString().slice(11, 19);
  return `${clock} - LiteLLM Router:ERROR: router.py:5867 - Fallback also failed: litellm.MidStreamFallbackError: ${words}. Received Model Group=${group}\n` +
    `Available Model Group Fallbacks=['${target}']\n` +
    `Error doing the fallback: litellm.BadRequestError: BedrockException - {"message":"This model does not support assistant message prefill."} ${id}\n`;
};
const HOSTILE = record(1, "<img src=x onerror=alert(1)>", "litellm.AuthenticationError: AnthropicException - \u001b]0;owned\u0007<script>window.owned = 1</script>",
  "\"><svg onload=alert(2)>\u202egnp.exe", "a".repeat(300));
const WORDS = ["litellm.InternalServerError: AnthropicException - Overloaded", "litellm.Timeout: AnthropicException - read timed out",
  "litellm.RateLimitError: OpenAIException - Rate limit reached", "litellm.AuthenticationError: AnthropicException - invalid x-api-key"];
const many = () => Array.from({ length: MANY }, (_, n) =>
  record(Math.floor(n * 7 + (n % 13) * 40), `group-${n % 11}`, WORDS[n % WORDS.length], `target-${n % 9}`, `req_${String(n).padStart(20, "0")}`)).join("");

const written = (name, text) => {
  const log = path.join(work, `${name}.log`);
  writeFileSync(log, text);
  return log;
};
const PAGES = [
  { name: "some", log: "sample-logs/proxy-1.85.0-text.log", options: ["--group-by", "kind"] },
  { name: "none", log: "sample-logs/proxy-1.85.0-clean.log", options: [] },
  { name: "hostile", log: written("hostile", HOSTILE), options: [] },
  { name: "many", log: written("many", many()), options: [] },
];

// Each check runs in the page and gives what is wrong.
const STANDING = {
  overflow: () => {
    const { scrollWidth } = document.scrollingElement;
    return scrollWidth <= innerWidth ? [] : [`${scrollWidth} px wide in a window of ${innerWidth}`];
  },
  headings: () => {
    const levels = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((heading) => Number(heading.tagName[1]));
    const wrong = levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1).map((level) => `an h${level} comes too early`);
    return levels.filter((level) => level === 1).length === 1 ? wrong : [...wrong, "not exactly one h1"];
  },
  landmarks: () => ["header", "nav", "main", "footer"].filter((name) => document.querySelectorAll(`body > ${name}, header > ${name}`).length !== 1),
  pictures: () => [...document.querySelectorAll("svg")].filter((svg) => {
    const named = (svg.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent);
    return svg.getAttribute("role") !== "img" || !svg.querySelector(":scope > title") || named.length !== 2 || !named.every(Boolean);
  }).map((svg) => `a picture without words: ${svg.outerHTML.slice(0, 80)}`),
  tables: () => [...document.querySelectorAll("table")].filter((table) =>
    !table.caption || [...table.querySelectorAll("th")].some((th) => !th.scope)).map((table) => `a table without caption or scope: ${table.outerHTML.slice(0, 80)}`),
  ids: () => {
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    return ids.filter((id, at) => ids.indexOf(id) !== at);
  },
  links: () => [...document.querySelectorAll("a")].map((a) => a.getAttribute("href"))
    .filter((href) => !href.startsWith("#") || !document.getElementById(href.slice(1))),
  contrast: (least) => {
    const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
    const light = (colour) => {
      const [r, g, b] = channels(colour).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if (channels(colour)[3] !== 0) return colour;
      }
      return "rgb(255, 255, 255)";
    };
    const poor = new Set();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const element = text.parentElement;
      if (!text.textContent.trim() || element.closest("script, title, desc, [hidden]") || !element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      const [a, b] = [light(element.closest("svg") ? style.fill : style.color), light(behind(element))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < least) poor.add(`${ratio.toFixed(2)} for ${element.tagName}.${element.getAttribute("class")} "${text.textContent.trim().slice(0, 30)}"`);
    }
    return [...poor];
  },
  hostile: () => {
    const wrong = [];
    if (window.owned || document.scripts.length > 1 || document.querySelector("img, iframe, object, [onload], [onerror]")) wrong.push("markup of the log is in the page");
    if (/[\u0000-\u0008\u000b-\u001f\u007f\u200b-\u200f\u2028-\u202e\u2060-\u206f]/.test(document.documentElement.textContent)) wrong.push("a control character is in the page");
    return wrong;
  },
};

const problems = [];
const checked = { count: 0 };
const check = (where, what, wrong) => {
  checked.count += 1;
  wrong.forEach((text) => problems.push(`${where}, ${what}: ${text}`));
};
const expect = (where, what, is) => check(where, what, is ? [] : ["no"]);

async function opened(browser, file, options, use) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const heard = [];
  page.on("console", (message) => heard.push(message.text()));
  page.on("pageerror", (error) => heard.push(String(error)));
  page.on("request", (request) => request.url() === `file://${file}` || heard.push(`asks for ${request.url()}`));
  await page.goto(`file://${file}`);
  await use(page);
  await context.close();
  return heard;
}

async function looks(browser, { name, file }) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      const where = `${name} ${colorScheme} ${width}`;
      const heard = await opened(browser, file, { colorScheme, viewport: { width, height: 900 } }, async (page) => {
        if (process.env.SHOTS) await page.screenshot({ path: path.join(process.env.SHOTS, `${where.replaceAll(" ", "-")}.png`) });
        if (name !== "many") await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
        for (const [what, wrong] of Object.entries(STANDING)) check(where, what, await page.evaluate(wrong, LEAST_CONTRAST));
        if (process.env.SHOTS && name !== "many") await page.screenshot({ path: path.join(process.env.SHOTS, `${where.replaceAll(" ", "-")}-all.png`), fullPage: true });
      });
      check(where, "console and requests", heard);
    }
  }
}

async function reads(browser, { name, file, report }) {
  const where = `${name} without script`;
  const heard = await opened(browser, file, { javaScriptEnabled: false, viewport: { width: 1280, height: 900 } }, async (page) => {
    const words = await page.locator("main").innerText();
    expect(where, "says how many requests there are", report.summary.requests === 0 ? words.includes("No request met") : words.includes(`of ${report.summary.requests.toLocaleString("en")} request`));
    expect(where, "has no dead control", (await page.locator("button, input, select").count()) === 0);
    if (report.summary.requests === 0) return;
    await page.emulateMedia({ media: "print" });
    const bodies = page.locator(".unfolded .body");
    const hidden = await bodies.evaluateAll((all) => all.filter((body) => body.getBoundingClientRect().height === 0).length);
    expect(where, "prints every incident unfolded", hidden === 0 && (await bodies.count()) === Math.min(report.incidents.length, 200));
    const last = (await bodies.last().getAttribute("id"));
    await page.emulateMedia({ media: "screen" });
    await page.goto(`file://${file}#${last}`);
    expect(where, "unfolds what a link leads to", await page.locator(`#${last}`).isVisible());
  });
  check(where, "console and requests", heard);
}

async function works(browser, { name, file, report }) {
  const where = `${name} with script`;
  const heard = await opened(browser, file, { reducedMotion: "reduce", viewport: { width: 1280, height: 900 } }, async (page) => {
    const head = page.locator("#models thead th", { hasText: "requests" });
    await head.locator("button").focus();
    const column = () => page.locator("#models tbody tr td:first-child").allInnerTexts();
    for (const [order, sign] of [["descending", -1], ["ascending", 1]]) {
      await page.keyboard.press("Enter");
      expect(where, `says that it is sorted ${order}`, (await head.getAttribute("aria-sort")) === order);
      const numbers = (await column()).map((text) => Number(text.replaceAll(",", "")));
      expect(where, `sorts ${order}`, numbers.every((n, at) => at === 0 || sign * numbers[at - 1] <= sign * n));
    }
    const fold = page.locator("#incidents .controls button");
    if ((await fold.innerText()) === "Unfold all") await fold.click();
    expect(where, "unfolds all", (await page.locator(".unfolded > details:not([open])").count()) === 0);
    if (report.incidents.length < 6) return;
    const rows = page.locator("#incidents tbody tr");
    const { id } = report.incidents[0];
    await page.locator("#incidents input").fill(id);
    expect(where, "filters by id", (await rows.filter({ visible: true }).count()) === 1 && (await page.locator(".unfolded > details").filter({ visible: true }).count()) <= 1);
    await page.locator("#incidents input").fill("nothing is called so");
    expect(where, "filters all", (await rows.filter({ visible: true }).count()) === 0 && (await page.locator("#incidents output").innerText()).startsWith("0 of "));
    await page.emulateMedia({ media: "print" });
    expect(where, "prints what a filter hides", (await rows.filter({ visible: true }).count()) === (await rows.count()));
    expect(where, "prints no controls", (await page.locator(".controls").filter({ visible: true }).count()) === 0);
    await page.emulateMedia({ media: "screen" });
    await page.locator("#incidents input").fill("");
    const [verdict, count] = Object.entries(report.summary.by_verdict).find(([, n]) => n > 0);
    if ((await page.locator("#incidents select").count()) === 0) return;
    await page.locator("#incidents select").selectOption(verdict);
    expect(where, "filters by verdict", (await rows.filter({ visible: true }).count()) === Math.min(count, await rows.count()));
    const failures = page.locator("#failures tbody tr");
    await page.locator("#failures input").fill("timeout");
    expect(where, "filters failures", (await failures.filter({ visible: true }).count()) === report.failures.filter(({ kind }) => kind === "timeout").length);
  });
  check(where, "console and requests", heard);
}

const run = (args) => {
  try {
    execFileSync(binary, [...args, "--fail-on", "never", "--progress", "never"], { stdio: ["ignore", "ignore", "inherit"] });
  } catch (error) {
    throw new Error(`streamfall ${args.join(" ")}: ${error.message}`);
  }
};

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
for (const { name, log, options } of PAGES) {
  const file = path.resolve(work, `${name}.html`);
  const json = path.resolve(work, `${name}.json`);
  run([log, ...options, "--output", `html=${file}`, "--output", `json=${json}`]);
  const page = { name, file, report: JSON.parse(readFileSync(json, "utf8")) };
  const { size } = statSync(file);
  console.log(`${name}: ${page.report.summary.requests} requests, ${size} bytes`);
  check(name, "size", size < MOST_BYTES ? [] : [`${size} bytes`]);
  await looks(browser, page);
  await reads(browser, page);
  if (page.report.summary.requests > 0) await works(browser, page);
}
await browser.close();
problems.forEach((problem) => console.error(problem));
const failed = new Set(problems.map((problem) => problem.split(": ")[0])).size;
console.log(`${checked.count - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
