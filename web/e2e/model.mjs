// A model at the far end of HTTP that says what the test tells it, when the test tells it.
import { createServer } from "node:http"

/** Starts one; `next()` is the next call that arrived, to be answered piece by piece. */
export async function startModel() {
  const calls = []
  const takers = []
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(200, { "content-type": "text/event-stream" })
    const write = (chunk) => new Promise((done) => response.write(`data: ${JSON.stringify(chunk)}\n\n`, done))
    const choice = (delta, finish_reason = null) => ({ object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] })
    const call = {
      say: async (text) => {
        for (const word of text.split(/(?<= )/)) await write(choice({ content: word }))
      },
      use: async (name, args) => {
        await write(choice({ tool_calls: [{ index: 0, id: "call_0", type: "function", function: { name, arguments: JSON.stringify(args) } }] }))
        await write(choice({}, "tool_calls"))
        response.end("data: [DONE]\n\n")
      },
      end: async () => {
        await write(choice({}, "stop"))
        response.end("data: [DONE]\n\n")
      },
    }
    const taker = takers.shift()
    if (taker) taker(call)
    else calls.push(call)
  })
  await new Promise((done) => server.listen(0, "127.0.0.1", done))
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    next: () => (calls.length > 0 ? Promise.resolve(calls.shift()) : new Promise((taken) => takers.push(taken))),
    stop: () => server.closeAllConnections() ?? server.close(),
  }
}
