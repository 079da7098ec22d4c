// Runs the checks at Open WebUI's page.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, end } from "../../support/checks.mjs";
import { CHECK_SECONDS, Visit, brokenOff, said, sessionOf, sessions } from "./browser.mjs";

const SCRIPTED = "openclaw/scripted";
const REPLY = "assistant: A scripted reply.";
const visit = await Visit.begin();
const { page } = visit;
await visit.signIn();

/** A check that leaves a picture of the page; of a failed one it shows what went wrong. */
async function seen(name, test) {
  let running = false;
  await check(`page.${name}`, async () => {
    running = true;
    try {
      await test().finally(() => visit.shot(name));
    } finally {
      running = false;
    }
  }, { seconds: CHECK_SECONDS });
  if (running) {
    console.log("# the page is still in use, so nothing more is checked");
    process.exit(1);
  }
}

await seen("signs_in", () => visit.selected("OpenClaw").waitFor());

await seen("model_picker_shows_the_gateways_models", async () => {
  await visit.open("openclaw");
  await visit.selected("OpenClaw").click();
  const options = page.getByRole("option");
  await options.first().waitFor();
  const ids = await options.evaluateAll((all) => all.map((option) => option.dataset.value));
  assert.deepEqual(ids.sort(), ["openclaw", "openclaw/default", "openclaw/main", "openclaw/mirror", SCRIPTED]);
});

await seen("models_can_be_told_apart", async () => {
  await visit.open("openclaw");
  await page.getByRole("button", { name: "Selected model:" }).click();
  await page.getByRole("option").first().waitFor();
  const shown = (await page.getByRole("option").allInnerTexts()).map((text) => text.trim());
  assert.equal(new Set(shown).size, shown.length, shown.join(", "));
});

await seen("a_model_is_picked", async () => {
  await visit.open("openclaw");
  await page.getByRole("button", { name: "Selected model:" }).click();
  await page.getByRole("option", { name: "Select scripted model" }).click();
  await visit.selected("scripted").waitFor();
  await visit.say("please count for the one that was picked");
  await visit.shows("one, two, three");
  assert.equal(said(await sessionOf("please count for the one that was picked")).length, 2);
});

await seen("an_answer_grows_as_it_comes", async () => {
  await visit.open(SCRIPTED);
  const shown = await visit.watched("#response-content-container");
  await visit.say("count steadily");
  await visit.shows("first, second, third");
  const texts = (await shown()).filter((text) => text.startsWith("first"));
  // A busy page may leave one out, but each that is shown goes on where the one before it ended.
  assert.ok(texts.length > 1, texts.join(" | "));
  texts.forEach((text, at) => assert.ok(text.startsWith(texts[at - 1] ?? ""), texts.join(" | ")));
  assert.equal(texts.at(-1), "first, second, third");
});

await seen("a_chat_gets_title_tags_and_follow_ups", async () => {
  await visit.open(SCRIPTED);
  await visit.say("please count for a title");
  await visit.settled();
  await page.getByText("A Painted Lighthouse").first().waitFor();
  await page.getByRole("button", { name: "Open Sidebar" }).first().click();
  await page.locator("#sidebar").getByText("A Painted Lighthouse").first().waitFor();
  await visit.shot("sidebar");
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const tags = await page.evaluate(async (chat) => {
    const headers = { authorization: `Bearer ${localStorage.token}` };
    return (await fetch(`/api/v1/chats/${chat}/tags`, { headers })).json();
  }, id);
  assert.deepEqual(tags.map((tag) => tag.name), ["Lighthouses"]);
  await page.getByRole("button", { name: "Close Sidebar" }).first().click();
  assert.deepEqual(said(await sessionOf("please count for a title")),
    ["user: please count for a title", "assistant: one, two, three"]);
});

await seen("a_chat_is_one_session_with_its_turns", async () => {
  const before = (await sessions()).length;
  await visit.open(SCRIPTED);
  await visit.say("the first turn on the page");
  await visit.settled();
  await visit.say("the second turn on the page");
  await visit.shows("the second turn on the page");
  await visit.settled();
  assert.equal((await sessions()).length, before + 1);
  assert.deepEqual(said(await sessionOf("the first turn on the page")),
    ["user: the first turn on the page", REPLY, "user: the second turn on the page", REPLY]);
});

await seen("a_second_turn_brings_the_first_and_the_tools", async () => {
  await visit.open(SCRIPTED);
  await visit.say("my first words");
  await visit.settled();
  await page.getByRole("button", { name: "Selected model:" }).click();
  await page.getByRole("option", { name: "Select mirror model" }).click();
  await visit.say("my second words");
  await visit.shows("my second words");
  await visit.answer();
  const reflected = (await sessionOf("my second words")).at(-1).message.text;
  const { body } = JSON.parse(reflected);
  const asked = body.messages.filter((message) => message.role !== "system");
  assert.deepEqual(asked.map(({ role, content }) => `${role}: ${content}`),
    ["user: my first words", REPLY, "user: my second words"]);
  const names = body.tools.map((tool) => tool.function.name);
  assert.ok(names.length > 20 && names.includes("get_current_timestamp"), names.join());
});

await seen("its_own_tool_is_called_and_answered", async () => {
  await visit.open(SCRIPTED);
  await visit.say("what time is it?");
  await visit.shows("View Result from get_current_timestamp");
  await visit.shows("The tool knew the time.");
  await visit.settled();
  const [user, call, tool, answer, ...more] = said(await sessionOf("what time is it?"));
  assert.deepEqual([user, call, answer, more],
    ["user: what time is it?", "assistant: get_current_timestamp", "assistant: The tool knew the time.", []]);
  assert.match(tool, /^tool: .*current_timestamp/);
});

await seen("local_model_answers", async () => {
  await visit.open("openclaw");
  await visit.say("Say hello to the lighthouse.");
  await visit.shows("Say hello to the lighthouse.");
  const answer = (await visit.answer()).trim();
  assert.ok(answer.length > 1, "nothing is shown");
  const [, reply] = said(await sessionOf("Say hello to the lighthouse."));
  // The page shows Markdown as what it means.
  const words = (text) => text.match(/\p{L}+/gu).slice(0, 3).join(" ");
  assert.equal(words(answer), words(reply.replace("assistant: ", "")));
});

await seen("an_attached_file_is_used", async () => {
  const file = join(tmpdir(), "coast.txt");
  writeFileSync(file, "Notes on the coast.\n\nThe lighthouse of Vardholm is painted orange.\n");
  await visit.open(SCRIPTED);
  await page.locator("input[type=file]").first().setInputFiles(file);
  await page.getByText("coast.txt").first().waitFor();
  await visit.say("Which colour has the lighthouse?");
  await visit.shows("Retrieved 1 source");
  await visit.shows("It is orange");
  await page.getByRole("button", { name: "1 Source" }).waitFor();
  await visit.settled();
  assert.match(await visit.answer(), /It is orange\s+coast\.txt/);
});

await seen("stop_ends_the_run_at_the_gateway", async () => {
  await visit.open(SCRIPTED);
  await visit.say("count slowly");
  await visit.shows("one, two");
  await page.getByRole("button", { name: "Stop" }).click();
  assert.match(await visit.answer(), /^one, two/);
  const end = await brokenOff("count slowly");
  assert.equal(end.ending, "aborted");
  assert.match(end.partial, /^one, two/);
  assert.doesNotMatch(end.partial, /nine/);
});

await seen("a_chat_goes_on_after_a_stop", async () => {
  await visit.say("and on after the stop");
  await visit.shows("A scripted reply.");
  assert.deepEqual(said(await sessionOf("count slowly")).slice(-2), ["user: and on after the stop", REPLY]);
});

await seen("an_error_can_be_read", async () => {
  await visit.open(SCRIPTED);
  await visit.say("fail: rate limit");
  await visit.shows("The provider `scripted` failed.");
  assert.equal((await sessionOf("fail: rate limit")).at(-1).ending, "failed");
});

await seen("an_answer_that_breaks_off_can_be_read", async () => {
  await visit.open(SCRIPTED);
  await visit.say("break off");
  await visit.shows("The provider `scripted` failed.");
  await visit.shows("half an");
});

await seen("an_answer_is_made_again", async () => {
  await visit.open(SCRIPTED);
  await visit.say("please count again");
  await visit.settled();
  await page.getByRole("button", { name: "Regenerate" }).click();
  await page.getByText("Try Again").click();
  await visit.shows("2/2");
  await visit.settled();
  const turn = ["user: please count again", "assistant: one, two, three"];
  assert.deepEqual(said(await sessionOf("please count again")), [...turn, ...turn]);
});

await seen("an_edited_message_is_a_turn_of_the_same_session", async () => {
  await page.getByText("please count again").first().hover();
  await page.getByRole("button", { name: "Edit" }).first().click();
  await page.locator("#confirm-edit-message-button").waitFor();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText("what was meant from the beginning");
  await page.locator("#confirm-edit-message-button").click();
  await visit.shows("A scripted reply.");
  await visit.settled();
  assert.deepEqual(said(await sessionOf("please count again")).slice(-2),
    ["user: what was meant from the beginning", REPLY]);
});

await seen("a_temporary_chat_leaves_no_session", async () => {
  const before = (await sessions()).length;
  await visit.open(SCRIPTED, "&temporary-chat=true");
  await page.getByText("Temporary Chat").first().waitFor();
  await visit.say("please count in secret");
  await visit.shows("one, two, three");
  await visit.settled();
  assert.equal((await sessions()).length, before);
});

await seen("a_kept_chat_opens_again", async () => {
  await visit.open(SCRIPTED);
  await page.getByRole("button", { name: "Open Sidebar" }).first().click();
  // The one before the temporary chat is the first.
  await page.locator("#sidebar").getByText("A Painted Lighthouse").first().click();
  await page.waitForURL(/\/c\//);
  await visit.shows("what was meant from the beginning");
  await visit.shows("A scripted reply.");
});

await seen("nothing_fails_in_the_page", async () => assert.deepEqual(visit.uncaught, []));
await seen("nobody_else_is_asked", async () => assert.deepEqual(visit.elsewhere, []));

await visit.browser.close();
end();
