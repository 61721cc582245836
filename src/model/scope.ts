import { interned } from './interned.ts'

/** The projects that a key may reach: all of them, or names, sorted and without repeats. */
export type Scope = 'all' | readonly string[]

const listOnce = interned(names => names)

/** The same names give the same list. */
export const scopeOf = interned((names): Scope => listOnce([...new Set(names)].sort()))

/** The projects of `scope` that `granted` does not reach; `'all'` where it reaches all projects and `granted` does not. */
export function scopeBeyond(scope: Scope, granted: Scope): Scope {
  if (granted === 'all' || scope === granted) return []
  if (scope === 'all') return 'all'
  const held = new Set(granted)
  return scope.filter(name => !held.has(name))
}

export function reachesBeyond(scope: Scope, granted: Scope): boolean {
  return scopeBeyond(scope, granted).length > 0
}

export function sameScope(a: Scope, b: Scope): boolean {
  return a === b || (!reachesBeyond(a, b) && !reachesBeyond(b, a))
}

/** The projects that both reach. */
export function commonScope(a: Scope, b: Scope): Scope {
  if (a === 'all') return b
  if (b === 'all') return a
  const held = new Set(b)
  return a.filter(name => held.has(name))
}
