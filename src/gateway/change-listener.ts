/** Who is told that something has changed that is to survive a restart. */
export interface ChangeListener {
  changed(): void;
}
