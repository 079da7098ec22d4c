// What is asked, on a server and in a page.

export const MAIN = "openclaw/default";
export const SCRIPTED = "openclaw/scripted";
export const TOOLS = [
  tool("weather", { city: { type: "string" }, unit: { type: "string" } }),
  tool("now", {}),
];

export function says(content) {
  return [{ role: "user", content }];
}

/** What a call of a tool says. */
export function called({ id, function: { name, arguments: text } }) {
  return [id, name, JSON.parse(text)];
}

function tool(name, properties) {
  const parameters = { type: "object", properties, required: Object.keys(properties) };
  return { type: "function", function: { name, description: `Tells the ${name}.`, parameters } };
}
