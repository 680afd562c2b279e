// Socket.IO with its Redis adapter, WebSocket transport only, set up as its documentation has it.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const pubClient = createClient({ url: process.env.REDIS_URL });
const subClient = pubClient.duplicate();
await Promise.all([pubClient.connect(), subClient.connect()]);

const http = createServer();
const io = new Server(http, { transports: ["websocket"], adapter: createAdapter(pubClient, subClient) });

// Its guide to memory use: the first HTTP request of a connection need not be kept.
io.engine.on("connection", (socket) => {
  socket.request = null;
});
io.on("connection", (socket) => {
  socket.join("room:evening");
});
http.listen(Number(process.env.PORT), "127.0.0.1");
