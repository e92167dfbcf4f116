/** A database error in words for an operator. */
export interface Advice {
  /** What is wrong, as the end of a sentence that begins with the location of the database. */
  readonly says: string;
  /** What to do. */
  readonly todo: string;
}
