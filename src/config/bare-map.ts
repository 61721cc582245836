/** Inherits no names, so that `constructor` and `__proto__` are names like any other. */
const Bare = function () {
  // Its properties come later.
} as unknown as new () => Record<string, unknown>
Object.defineProperty(Bare, 'prototype', { value: Object.create(null) })

/**
 * An empty map of a configuration, which inherits nothing. Of `Object.create(null)` V8 makes a table, which takes three times the
 * memory and is read slowly; this it keeps like an object that is written out, as long as it is small.
 */
export function bareMap(): Record<string, unknown> {
  return new Bare()
}
