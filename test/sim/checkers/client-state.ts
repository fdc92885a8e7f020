/** How the gateway has to see the client, from what went over the wire. */
export type ClientState = "none" | "connecting" | "active" | "asleep" | "awake";
