import { byId } from "./by-id.ts";
import { setText } from "./set-text.ts";

/** What is asked before something is done that cannot be undone. */
export interface Question {
  title: string;
  text: string;
  /** The word on the button that does it. */
  yes: string;
}

/** Says no to the question that is asked. */
let refuse: (() => void) | undefined;

/** Asks in a dialog; true where it is to be done. The focus goes back to where it was. */
export function askFirst({ title, text, yes }: Question): Promise<boolean> {
  const dialog = byId("question", HTMLDialogElement);
  // Who asks again at once, with the keyboard, does so before the browser tells that the question before was closed.
  refuse?.();
  setText(byId("question-title", HTMLElement), title);
  setText(byId("question-text", HTMLElement), text);
  setText(byId("question-yes", HTMLButtonElement), yes);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    refuse = () => resolve(false);
    dialog.onclose = () => {
      if (!dialog.open) resolve(dialog.returnValue === "yes");
    };
  });
}
