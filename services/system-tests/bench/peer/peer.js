// BullMQ under the roles of the benchmark. The words on standard input and output are those of `src/bench/role.rs`,
// and so are the times: `hrtime` is the monotonic clock of the whole machine.
import { createInterface } from "node:readline";

import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";

const QUEUE = "run";
const spec = JSON.parse(process.argv[2]);
const now = () => process.hrtime.bigint();
const say = (line) => process.stdout.write(`${line}\n`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const heard = async () => !(await lines.next()).done;
const connect = () => new Redis(spec.socket, { maxRetriesPerRequest: null });

// Like our tickets, so that both carry the same bytes; and like ours, what is done leaves no trace.
const options = { removeOnComplete: true, removeOnFail: true };
let serial = 0;
const job = (subject) => {
  serial += 1;
  const id = `job_${String(serial).padStart(26, "0")}`;
  return { name: "run", data: { v: 1, id, kind: "run", subject }, opts: options };
};

function result(first, last, jobs, began) {
  const { user, system } = process.cpuUsage(began);
  say(JSON.stringify({ first: Number(first), last: Number(last), cpu_us: (user + system) / jobs }));
}

async function put(queue, count) {
  for (let left = count; left > 0; left -= spec.batch || 1) {
    if (spec.batch) {
      await queue.addBulk(Array.from({ length: Math.min(spec.batch, left) }, () => job("run_x")));
    } else {
      const { name, data, opts } = job("run_x");
      await queue.add(name, data, opts);
    }
  }
}

async function enqueue() {
  const queue = new Queue(QUEUE, { connection: connect() });
  await queue.waitUntilReady();
  await put(queue, spec.warm);
  say("ready");
  if (!(await heard())) return;
  const began = process.cpuUsage();
  const first = now();
  const share = spec.jobs / spec.callers;
  await Promise.all(Array.from({ length: spec.callers }, () => put(queue, share)));
  result(first, now(), spec.jobs, began);
  await heard();
}

async function paced() {
  const queue = new Queue(QUEUE, { connection: connect() });
  await queue.waitUntilReady();
  say("ready");
  while (await heard()) {
    const { name, data, opts } = job(String(now()));
    await queue.add(name, data, opts);
  }
}

async function work() {
  let [handled, acknowledged] = [0, 0];
  let [first, began] = [0n, process.cpuUsage()];
  const handler = async ({ data }) => {
    handled += 1;
    if (spec.tell) say(String(now() - BigInt(data.subject)));
    if (handled === spec.warm + 1) [first, began] = [now(), process.cpuUsage()];
  };
  const { concurrency } = spec;
  const worker = new Worker(QUEUE, handler, { connection: connect(), concurrency, autorun: false });
  worker.on("error", (error) => process.stderr.write(`${error}\n`));
  worker.on("completed", () => {
    acknowledged += 1;
    if (acknowledged === spec.jobs) result(first, now(), spec.jobs - spec.warm, began);
  });
  await worker.waitUntilReady();
  say("ready");
  if (!(await heard())) return;
  worker.run().catch((error) => process.stderr.write(`${error}\n`));
  await heard();
}

await { enqueue, paced, work }[spec.role]();
// Connections would keep the process alive; there is nothing left to be said over them.
process.exit(0);
