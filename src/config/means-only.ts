import type { KeyFix } from '../model/fix.ts'
import { permissionSet } from '../model/permission.ts'

interface State {
  readonly keys: readonly {
    readonly keyId: string
    readonly rotation: unknown
  }[]
}

/** Are two values the same but for places, which a fix may move? */
function sameMeaning(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  const [a, b] = [one as Record<string, unknown>, other as Record<string, unknown>]
  if (Array.isArray(a) !== Array.isArray(b)) return false
  for (const name in a) if (name !== 'position' && !sameMeaning(a[name], b[name])) return false
  for (const name in b)
    if (name !== 'position' && b[name] !== undefined && a[name] === undefined) return false
  return true
}

/** Does the edited configuration mean what it meant, but for the fixed fields of the fixed keys? */
export function meansOnly(before: State, after: State, fixes: readonly KeyFix[]): boolean {
  const fixOf = new Map(fixes.map(fix => [fix.keyId, fix]))
  const byId = new Map(after.keys.map(key => [key.keyId, key]))
  const keys = before.keys.map(key => {
    const fix = fixOf.get(key.keyId)
    if (fix === undefined) return key
    const { permissions, scope, expires } = fix
    return {
      ...key,
      ...(permissions && { permissions: permissionSet(permissions) }),
      ...(scope && { scope }),
      // How long before its end a key is renewed follows from its period.
      ...(expires && { expires, rotation: byId.get(key.keyId)?.rotation }),
    }
  })
  return sameMeaning({ ...before, keys }, after)
}
