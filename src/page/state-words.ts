import type { ClientState } from "../http/answers.ts";

/** How a state is shown: by its word and a shape; the tone is a third hint and never the only one. */
interface StateLook {
  word: string;
  tone: "good" | "calm" | "busy" | "quiet" | "bad";
  /** The shape as an SVG path in a box of 16 by 16. */
  path: string;
  meaning: string;
}

/** Every state, in the order in which one looks for them. */
export const STATE_LOOKS: Readonly<Record<ClientState, StateLook>> = {
  active: {
    word: "active",
    tone: "good",
    path: "M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12z",
    meaning: "connected, and listening",
  },
  asleep: {
    word: "asleep",
    tone: "calm",
    path: "M6.2 2A6.3 6.3 0 1 0 14 9.8A5.2 5.2 0 0 1 6.2 2z",
    meaning: "its radio is off until it wakes up; messages wait for it",
  },
  awake: {
    word: "awake",
    tone: "good",
    path: "M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12zM8 4v8a4 4 0 0 0 0-8z",
    meaning: "has woken up and is being given what waited for it",
  },
  connecting: {
    word: "connecting",
    tone: "busy",
    path: "M3 6.5a1.5 1.5 0 1 1 0 3a1.5 1.5 0 1 1 0-3zM8 6.5a1.5 1.5 0 1 1 0 3a1.5 1.5 0 1 1 0-3zM13 6.5a1.5 1.5 0 1 1 0 3a1.5 1.5 0 1 1 0-3z",
    meaning: "in the middle of its CONNECT",
  },
  lost: {
    word: "lost",
    tone: "bad",
    path: "M3.8 2L8 6.2L12.2 2L14 3.8L9.8 8L14 12.2L12.2 14L8 9.8L3.8 14L2 12.2L6.2 8L2 3.8z",
    meaning: "silent for too long, or replaced",
  },
  disconnected: {
    word: "disconnected",
    tone: "quiet",
    path: "M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12zM8 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8z",
    meaning: "it said goodbye, or was told to go",
  },
  refused: {
    word: "refused",
    tone: "bad",
    path: "M5 2h6l3 3v6l-3 3H5l-3-3V5zM5 7v2h6V7z",
    meaning: "tried to connect and was not let in",
  },
  abandoned: {
    word: "unfinished",
    tone: "bad",
    path: "M8 1.5L15 14H1zM8 5.2L4 12.3h8z",
    meaning: "began to connect and did not go on",
  },
};

/** The same as a list. */
export const STATES = Object.keys(STATE_LOOKS) as ClientState[];
