// Open WebUI's page in Chromium, as one who signs in there sees it.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

export const ORIGIN = process.env.WEBUI;
const ADMIN = { email: "ada@example.com", password: "a password of this run" };
// Above what anything takes on a busy machine: what the page shows, a command of the gateway's, and a reply
// of the local model.
const PAGE_MS = 120_000;
const COMMAND_MS = 60_000;
const LOCAL_MODEL_MS = 600_000;
// For a whole check: longer than the waits in it.
export const CHECK_SECONDS = 1200;
const PAUSE_MS = 500;

// The names of hosts lead nowhere, so that nothing from outside can be part of what is shown.
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/** One page, whose account is signed in by `signIn`. */
export class Visit {
  static async begin() {
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(PAGE_MS);
    return new Visit(browser, page);
  }

  constructor(browser, page) {
    Object.assign(this, { browser, page, uncaught: [], elsewhere: [] });
    page.on("pageerror", (error) => this.uncaught.push(String(error?.message ?? error)));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (["http:", "https:", "ws:", "wss:"].includes(url.protocol) && url.host !== new URL(ORIGIN).host) {
        this.elsewhere.push(url.href);
      }
    });
  }

  async signIn() {
    await this.page.goto(`${ORIGIN}/auth`);
    await this.page.getByPlaceholder("Enter Your Email").fill(ADMIN.email);
    await this.page.getByPlaceholder("Enter Your Password").fill(ADMIN.password);
    await this.shot("sign-in");
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.page.locator("#chat-input").waitFor();
    // What is new in this version is told once to everyone.
    await this.page.getByRole("button", { name: "Okay, Let's Go!" }).click();
  }

  /** A new chat with a model. */
  async open(model, more = "") {
    await this.page.goto(`${ORIGIN}/?models=${model}${more}`);
    await this.page.locator("#chat-input").waitFor();
  }

  /** The button that tells which model is selected. */
  selected(name) {
    return this.page.getByRole("button", { name: `Selected model: ${name}`, exact: true });
  }

  async say(text) {
    await this.page.locator("#chat-input").click();
    await this.page.keyboard.insertText(text);
    await this.page.keyboard.press("Enter");
  }

  /** Waits until a text is shown among the messages. */
  async shows(text) {
    await this.page.locator("#messages-container").getByText(text).first().waitFor();
  }

  /** What is shown in the first such element from now on: a function that tells each text once. */
  async watched(selector) {
    await this.page.evaluate((selector) => {
      globalThis.watched = new Set();
      const look = () => globalThis.watched.add(document.querySelector(selector)?.innerText.trim());
      new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
    }, selector);
    return () => this.page.evaluate(() => [...globalThis.watched].filter(Boolean));
  }

  /** Waits until the answer and what is asked for beside it are there. */
  async settled() {
    await this.page.getByRole("button", { name: "Follow up: And its harbour?" }).waitFor();
  }

  /** The last answer's text, once it has ended. */
  async answer() {
    await this.page.getByRole("button", { name: "Stop" }).waitFor({ state: "hidden", timeout: LOCAL_MODEL_MS });
    return this.page.locator("#response-content-container").last().innerText();
  }

  async shot(name) {
    await this.page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
  }
}

/** What the gateway's own command says. */
async function told(...words) {
  const command = [process.env.OPENCLAW, ["sessions", ...words, "--json"]];
  const { stdout } = await promisify(execFile)(...command, { timeout: COMMAND_MS, maxBuffer: Infinity });
  return JSON.parse(stdout);
}

/** The keys of all sessions. */
export async function sessions() {
  const { sessions } = await told("--all-agents", "--limit", "1000");
  return sessions.map((session) => session.key);
}

async function entriesOf(key) {
  const { entries } = await told("show", key);
  return entries.filter((entry) => entry.type !== "opened");
}

/** The entries of the one session in which this was asked. */
export async function sessionOf(text) {
  return entriesOf(await keyOf(text));
}

async function keyOf(text) {
  const asked = (entry) => entry.message?.role === "user" && entry.message.content === text;
  const found = [];
  for (const key of await sessions()) {
    if ((await entriesOf(key)).some(asked)) found.push(key);
  }
  if (found.length !== 1) throw new Error(`${found.length} sessions in which "${text}" was asked`);
  return found[0];
}

/** The last entry of the session in which this was asked, once the run in it has broken off. */
export async function brokenOff(text) {
  const key = await keyOf(text);
  const deadline = Date.now() + COMMAND_MS;
  for (;;) {
    const last = (await entriesOf(key)).at(-1);
    if (last.type === "broken") return last;
    if (Date.now() > deadline) throw new Error(`it still goes on, after ${JSON.stringify(last)}`);
    await pause(PAUSE_MS);
  }
}

/** Who said what, one line each. */
export function said(entries) {
  return entries.filter((entry) => entry.message).map(({ message }) =>
    `${message.role}: ${message.content ?? message.text ?? message.tool_calls.map((call) => call.name)}`);
}
