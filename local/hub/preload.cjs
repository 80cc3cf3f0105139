/**
 * For a program that is to reach a local hub on other ports than IoT Hub's, and cannot be changed:
 *
 *   NODE_OPTIONS="--require <here>/preload.cjs"
 *   LOCAL_HUB_CONNECT_TO="myhub.azure-devices.net:443=127.0.0.1:8443,myhub.azure-devices.net:8883=127.0.0.1:18883"
 *
 * TLS connections to a name and port on the left go to the address and port on the right; the name stays what is asked
 * for (SNI), checked in the certificate and sent as Host. Everything else connects as ever. HTTPS, MQTT and WebSockets
 * all come down to `tls.connect` [facts 0.3c, 4.3]. No dependencies, and nothing newer than Node 16: it runs in programs
 * of others.
 */
"use strict";
/* eslint-disable @typescript-eslint/no-require-imports */
const { syncBuiltinESMExports } = require("node:module");
const { isIP } = require("node:net");
const tls = require("node:tls");

const VARIABLE = "LOCAL_HUB_CONNECT_TO";
const ENTRY = /^([^\s:=,]+):(\d{1,5})=([^\s=,]+):(\d{1,5})$/;

const routes = routesFrom(process.env[VARIABLE] || "");
if (routes.size > 0) {
  const { connect } = tls;
  tls.connect = function connectThere(...args) {
    return connect.apply(this, redirected(args));
  };
  // For those who import { connect }.
  syncBuiltinESMExports();
}

/** From "name:port" to where that is. */
function routesFrom(text) {
  const entries = text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  return new Map(
    entries.map((entry) => {
      const [, name, port, host, toPort] = ENTRY.exec(entry) || [];
      if (name === undefined || Number(port) > 65535 || Number(toPort) > 65535) {
        throw new Error(
          `${VARIABLE}: ${JSON.stringify(entry)} is not name:port=address:port, such as myhub.azure-devices.net:443=127.0.0.1:8443`,
        );
      }
      return [`${name.toLowerCase()}:${Number(port)}`, { host, port: Number(toPort) }];
    }),
  );
}

/** tls.connect(options), (port, host, options) or (port, options), each perhaps with a callback. */
function redirected(args) {
  const [first, second] = args;
  const isPort = typeof first === "number" || (typeof first === "string" && /^\d+$/.test(first));
  const given = args.find((arg) => typeof arg === "object" && arg !== null) || {};
  const asked = {
    ...given,
    ...(isPort ? { port: first } : {}),
    ...(isPort && typeof second === "string" ? { host: second } : {}),
  };
  // A socket or a path is a connection that is there already, or no TCP at all.
  const isTcp = !asked.socket && !asked.path;
  const there = isTcp && routes.get(`${String(asked.host).toLowerCase()}:${Number(asked.port)}`);
  if (!there) return args;
  const servername = asked.servername || (isIP(asked.host) === 0 ? asked.host : undefined);
  const options = { ...asked, ...there, ...(servername === undefined ? {} : { servername }) };
  return [options, ...args.filter((arg) => typeof arg === "function")];
}
