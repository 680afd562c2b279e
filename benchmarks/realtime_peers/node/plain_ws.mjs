// Plain ws: one subscription to Redis, every message encoded once and sent to every socket of its room.
import { createClient } from "redis";
import { WebSocket, WebSocketServer } from "ws";

const ROOM = "room:evening";
const rooms = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.env.PORT) });

server.on("connection", (socket) => {
  const room = rooms.get(ROOM) ?? new Set();
  rooms.set(ROOM, room.add(socket));
  socket.on("close", () => room.delete(socket));
  socket.on("error", console.error);
});

const subscriber = createClient({ url: process.env.REDIS_URL });
await subscriber.connect();
const AS_BUFFERS = true;
await subscriber.subscribe(
  "plain_ws:" + ROOM,
  (message) => {
    for (const socket of rooms.get(ROOM) ?? []) {
      if (socket.readyState === WebSocket.OPEN) {
        socket.send(message, { binary: false });
      }
    }
  },
  AS_BUFFERS,
);
