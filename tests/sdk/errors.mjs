// Reads answers from stdin and says what errors the SDK makes of them.

const { errorOf, unreached } = await import(process.argv[2]);
const { answers } = JSON.parse(await new Response(process.stdin).text());

const said = ({ code, kind, status, message, fields, retryAfter, challenge, problem }) => {
  return { code, kind, status, message, fields, retryAfter, challenge, problem };
};
const found = await Promise.all(answers.map(async ({ body, ...init }) => said(await errorOf(new Response(body, init)))));
const late = new DOMException("late", "TimeoutError");
const none = [new TypeError("fetch failed"), late].map((cause) => ({ ...said(unreached(cause)), cause: unreached(cause).cause === cause }));
console.log(JSON.stringify({ found, none }));
