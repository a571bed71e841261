// Terminals in one Node process: Fastify, @fastify/websocket, node-pty. It is what the benchmark of our terminals is
// measured beside: a socket attaches to a terminal by name, the first one opens it, everybody gets its bytes.
import websocket from "@fastify/websocket";
import Fastify from "fastify";
import pty from "node-pty";

const terminals = new Map();

function terminal(name) {
  const known = terminals.get(name);
  if (known) return known;
  const viewers = new Set();
  // Bytes, not strings: the benchmark compares every one of them.
  const shell = pty.spawn("/bin/bash", ["-l"], { name: "xterm-256color", cols: 80, rows: 24, encoding: null });
  shell.onData((data) => {
    for (const viewer of viewers) viewer.send(data);
  });
  shell.onExit(() => {
    terminals.delete(name);
    for (const viewer of viewers) viewer.close();
  });
  const made = { shell, viewers };
  terminals.set(name, made);
  return made;
}

const app = Fastify();
await app.register(websocket);
app.get("/terminals/:name", { websocket: true }, (socket, request) => {
  const { shell, viewers } = terminal(request.params.name);
  viewers.add(socket);
  socket.on("message", (data) => shell.write(data));
  socket.on("close", () => viewers.delete(socket));
});
await app.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`${app.server.address().port}\n`);
// Whoever started us holds our standard input: we end with it, and take the shells along.
process.stdin.on("end", () => {
  for (const { shell } of terminals.values()) shell.kill("SIGKILL");
  process.exit(0);
});
process.stdin.resume();
