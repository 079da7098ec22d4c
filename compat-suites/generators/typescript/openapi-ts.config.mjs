// What @hey-api/openapi-ts cannot guess: programs here are ECMAScript modules, as Node.js runs them.
export default { output: { path: "client", module: { extension: ".js" } } };
