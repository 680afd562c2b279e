// Publish lines to a peer on Node from outside its server: `publisher.mjs socketio` or `publisher.mjs plain_ws`.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Emitter } from "@socket.io/redis-emitter";
import { createClient } from "redis";

const ROOM = "room:evening";
const html = readFileSync(process.env.LINE_FILE, "utf8");
const redis = createClient({ url: process.env.REDIS_URL });
await redis.connect();
const emitter = new Emitter(redis);
let number = 0;

/** The envelope that Digis has. */
function line() {
  number += 1;
  const sent = String(process.hrtime.bigint()).padStart(20, "0");
  const text = html.replace("N".repeat(8), String(number).padStart(8, "0")).replace("S".repeat(20), sent);
  return { type: "event", topic: ROOM, name: "room.line", html: text, data: {}, seq: number };
}

const publish = {
  socketio: () => emitter.to(ROOM).emit("event", line()),
  plain_ws: () => redis.publish("plain_ws:" + ROOM, JSON.stringify(line())),
}[process.argv[2]];

process.stdout.write("ready\n");
for await (const order of createInterface({ input: process.stdin })) {
  for (let left = Number(order.split(" ")[1]); left > 0; left -= 1) {
    publish();
  }
}
process.exit(0);
