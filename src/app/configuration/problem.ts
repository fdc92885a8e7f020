/** Something that is wrong with the configuration. */
export interface Problem {
  /** A sentence for the user. It begins with where the problem is. */
  text: string;
  /** Where it is in the file, in characters from the beginning; undefined where it is not in the file. */
  offset?: number;
}
