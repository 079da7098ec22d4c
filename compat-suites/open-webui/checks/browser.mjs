// Open WebUI's page in Chromium, as one who signs in there sees it.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const ORIGIN = process.env.WEBUI;
const ADMIN = { email: "ada@example.com", password: "a password of this run" };
// Above what a reply of the local model takes on a busy machine.
export const PATIENCE = 600_000;

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
    page.setDefaultTimeout(30_000);
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

  async say(text) {
    await this.page.locator("#chat-input").click();
    await this.page.keyboard.insertText(text);
    await this.page.keyboard.press("Enter");
  }

  /** Waits until a text is shown among the messages. */
  async shows(text, timeout) {
    await this.page.locator("#messages-container").getByText(text).first().waitFor({ timeout });
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
    await this.page.getByRole("button", { name: "Stop" }).waitFor({ state: "hidden", timeout: PATIENCE });
    return this.page.locator("#response-content-container").last().innerText();
  }

  async shot(name) {
    await this.page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
  }
}

/** What the gateway's own command says. */
function told(...words) {
  return JSON.parse(execFileSync(process.env.OPENCLAW, ["sessions", ...words, "--json"], { encoding: "utf8" }));
}

/** The entries of every session, by key. */
export function sessions() {
  const keys = told("--all-agents", "--limit", "1000").sessions.map((session) => session.key);
  return new Map(keys.map((key) => [key, told("show", key).entries.filter((entry) => entry.type !== "opened")]));
}

/** The entries of the one session in which this was asked. */
export function sessionOf(text) {
  const asked = (entry) => entry.message?.role === "user" && entry.message.content === text;
  const found = [...sessions().values()].filter((entries) => entries.some(asked));
  if (found.length !== 1) throw new Error(`${found.length} sessions in which "${text}" was asked`);
  return found[0];
}

/** Who said what, one line each. */
export function said(entries) {
  return entries.filter((entry) => entry.message).map(({ message }) =>
    `${message.role}: ${message.content ?? message.text ?? message.tool_calls.map((call) => call.name)}`);
}
