/** What stands around a `--`. */
interface Split {
  readonly own: readonly string[]
  /** Null where there is no `--`. */
  readonly rest: readonly string[] | null
}

export function splitAtDashes(args: readonly string[]): Split {
  const at = args.indexOf('--')
  return at < 0 ? { own: args, rest: null } : { own: args.slice(0, at), rest: args.slice(at + 1) }
}
