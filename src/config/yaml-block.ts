interface Fields {
  readonly [name: string]: string | readonly string[] | Fields
}

/** A named block to add to a map at the top of a configuration. */
export interface Block {
  readonly name: string
  readonly value: Fields | readonly string[]
  /** A line of comment before it, without the `#`. */
  readonly comment?: string
}
