/** What a condition may cost. Over a limit it is refused when the bundle is loaded, or its evaluation errors, which denies. */
export const limits = {
  /** Characters of one conjunct. */
  expression: 1000,
  astNodes: 200,
  depth: 24,
  literalElements: 100,
  conjuncts: 16,
  /** Loops in loops; the inner one runs over a list of the outer one's element. */
  loops: 2,
  /** Entries that a condition may meet in one fact, those of nested lists counted together. */
  entries: 1000,
  /** Characters of one text of a fact. */
  text: 65_536,
  /** Characters of a regular expression. */
  pattern: 200,
  /** Characters that one evaluation may give to regular expressions. */
  matchedText: 2048,
  /** Steps of one evaluation at worst; about 0.3 microseconds each. */
  cost: 12_000,
} as const;
