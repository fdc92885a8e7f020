/** A UDP socket that sends back what comes, and nothing else: the least that a process of Node can do. */
import { createSocket } from "node:dgram";

const socket = createSocket({ type: "udp4", lookup: (address, _options, callback) => callback(null, address, 4) });
socket.on("message", (datagram, { address, port }) => socket.send(datagram, port, address));
socket.bind(0, "127.0.0.1", () => process.send!(socket.address().port));
// Whoever started it is gone.
process.on("disconnect", () => process.exit(0));
