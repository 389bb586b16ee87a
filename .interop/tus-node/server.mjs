// @tus/server with its file store: node server.mjs PORT FOLDER
import { Server } from "@tus/server";
import { FileStore } from "@tus/file-store";

const [port, directory] = process.argv.slice(2);
const datastore = new FileStore({ directory, expirationPeriodInMilliseconds: 24 * 60 * 60 * 1000 }); // without it nothing expires
const lockDrainTimeout = 500; // of a request that was told to end because another waits: 3000 by default
new Server({ path: "/files", datastore, lockDrainTimeout }).listen({ host: "127.0.0.1", port: Number(port) });
