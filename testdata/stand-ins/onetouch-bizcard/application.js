// The application: it answers while its database and its cache do.
const { execFile } = require("child_process");
const platform = process.env.HOME + "/platform";
const ask = (program, words) =>
  new Promise((good, bad) => execFile(program, words, (why, said) => (why ? bad(why) : good(said.trim()))));
const redis = (...words) => ask("redis-cli", ["-s", platform + "/redis/drill/socket", ...words]);
const users = () => ask("psql", ["-XAt", "service=bizcard-drill", "-c", "SELECT count(*) FROM users"]);
const answers = {
  "/api/health": async () => `${await users()} users, ${await redis("ping")}`,
  "/api/cache/warmup": async () => redis("set", "users", await users()),
};
const server = require("http").createServer((request, response) => {
  const end = (status, text) => response.writeHead(status).end(text);
  const answer = answers[request.url];
  if (!answer) return end(404, "");
  answer().then((text) => end(200, text), (why) => end(503, String(why)));
});
const socket = platform + "/application";
require("fs").rmSync(socket, { force: true });
server.listen(socket);
