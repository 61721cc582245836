import { type Located, type Report, diagnosticFor, keyPlace } from './parts.ts'
import type { Merged } from './merge.ts'
import { placeText } from './place-text.ts'
import type { RawKey } from './raw.ts'

/** Reports a former key id that is still declared, or that two keys claim: a live key can be only one of them. */
export function checkRenames(keys: ReadonlyMap<string, Located<RawKey>>, report: Report): void {
  const claims = new Map<string, Located<RawKey>>()
  for (const [, key] of keys) {
    const { previously } = key.value
    if (previously === undefined) continue
    const at = { ...key, path: [...key.path, 'previously'] }
    const rival = keys.get(previously) ?? claims.get(previously)
    claims.set(previously, key)
    if (rival === undefined) continue
    const place = keyPlace(rival)
    const message = keys.has(previously)
      ? `"${previously}" is declared itself (${placeText(place)}), so it was not renamed`
      : `"${String(rival.path[1])}" (${placeText(place)}) was "${previously}" too`
    const hint = 'Name the key id that this key alone had before, or remove the line.'
    report(diagnosticFor(at, { code: 'bad-rename', message, hint }, [place]))
  }
}

/** Reports a stack that was renamed from its own name. */
export function checkFormerly({ stack, formerly }: Merged, report: Report): void {
  const index = stack === null || formerly === null ? -1 : formerly.value.indexOf(stack.value)
  if (formerly === null || stack === null || index < 0) return
  const at = { ...formerly, path: [...formerly.path, index] }
  const message = `The stack is still called "${stack.value}", so that is not a former name of it`
  const hint = 'Name the stacks that this one was before, or remove the line.'
  report(diagnosticFor(at, { code: 'bad-rename', message, hint }, [keyPlace(stack)]))
}
