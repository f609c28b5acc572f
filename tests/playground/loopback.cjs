// Loaded into the Playground's process: it has no setting for its host, and would listen on every interface.
"use strict";
const { Server } = require("node:net");
const listen = Server.prototype.listen;

Server.prototype.listen = function (first, ...rest) {
  const options = typeof first === "object" && first !== null ? { ...first } : { port: Number(first) };
  return listen.call(this, { ...options, host: "127.0.0.1" }, ...rest.filter((one) => typeof one === "function"));
};
