import { type Node, type Pair, isAlias, isMap, isNode, isPair, isScalar, isSeq, parseDocument } from 'yaml'
import { isDeepStrictEqual } from 'node:util'
import type { KeyFix } from '../model/fix.ts'
import { lineBreakNear } from '../model/line-break.ts'
import { formatLifetime } from '../model/lifetime.ts'
import { type Permissions, permissionSet } from '../model/permission.ts'
import { type TextEdit, type WrittenItem, editList } from './edit-list.ts'
import { quoted } from './quoted.ts'
import { endOf, startOf } from './yaml-ranges.ts'

export type Roles = ReadonlyMap<string, Permissions>

/** The edited text, or why the key is left alone; null where this text does not declare it. */
export type FixedText = { readonly text: string } | { readonly why: string } | null

/** Single permissions, or one role that grants nothing beyond them and single ones, where that is shorter. */
export function shortestList(permissions: Permissions, roles: Roles): readonly string[] {
  const lists = [...roles].flatMap(([name, granted]) =>
    granted.length > 0 && granted.every(each => permissions.includes(each))
      ? [[`role:${name}`, ...permissions.filter(each => !granted.includes(each))]]
      : [],
  )
  return lists.reduce<readonly string[]>(
    (best, list) => (list.length < best.length ? list : best),
    permissions,
  )
}

/** What is written already, without what is too much, where that says the same and is no longer. */
function wanted(written: readonly string[], permissions: Permissions, roles: Roles): readonly string[] {
  const grants = (name: string) => (name.startsWith('role:') ? (roles.get(name.slice(5)) ?? ['*']) : [name])
  const kept = written.filter(name => grants(name).every(each => permissions.includes(each)))
  const held = new Set(kept.flatMap(grants))
  const missing = permissions.filter(name => !held.has(name))
  const shortest = shortestList(permissions, roles)
  return kept.length + missing.length <= shortest.length ? [...kept, ...missing] : shortest
}

function pairOf(map: unknown, name: string): Pair | null {
  if (!isMap(map)) return null
  return map.items.filter(isPair).find(({ key }) => isScalar(key) && key.value === name) ?? null
}

class LeaveAlone extends Error {}

function editsOf(text: string, fix: KeyFix, roles: Roles): readonly TextEdit[] | null {
  const document = parseDocument(text, { version: '1.2' })
  const declared = pairOf(pairOf(document.contents, 'keys')?.value, fix.keyId)?.value
  if (declared === undefined) return null
  if (!isMap(declared)) throw new LeaveAlone('its declaration is shared with another place')
  const { items, flow } = declared
  const valueOf = (name: string) => {
    const value = pairOf(declared, name)?.value
    return isNode(value) ? value : null
  }
  const asList = (names: readonly string[]) => `[${names.map(quoted).join(', ')}]`
  const replace = (node: Node, content: string): TextEdit => ({
    start: startOf(node),
    end: endOf(node),
    content,
  })
  const changed = (name: string, names: (written: readonly string[]) => readonly string[]): TextEdit[] => {
    const node = valueOf(name)
    if (node === null) throw new LeaveAlone(`its ${name} are not written in its own declaration`)
    if (!isSeq(node)) return [replace(node, asList(names([])))]
    if (node.anchor !== undefined) throw new LeaveAlone(`others may refer to its ${name} by &${node.anchor}`)
    const written = node.items.map((item): WrittenItem => {
      const scalar = isAlias(item) ? item.resolve(document) : item
      if (!isNode(item) || !isScalar(scalar)) throw new LeaveAlone(`its ${name} are not plain lists`)
      return { name: String(scalar.value), start: startOf(item), end: endOf(item) }
    })
    const edits = editList(
      text,
      written,
      names(written.map(each => each.name)),
      node.flow === true ? 'flow' : 'block',
    )
    if (edits === null) throw new LeaveAlone(`its ${name} are written in a way that cannot be edited safely`)
    return [...edits]
  }
  const edits: TextEdit[] = []
  const { permissions, scope, expires } = fix
  if (permissions !== null) edits.push(...changed('permissions', each => wanted(each, permissions, roles)))
  if (scope !== null) edits.push(...changed('scope', () => scope))
  if (expires !== null) {
    const node = valueOf('expires')
    const end = formatLifetime(expires)
    const first = pairOf(declared, 'permissions')?.key ?? items[0]?.key
    if (node !== null) edits.push(replace(node, end))
    else if (isNode(first)) {
      const start = startOf(first)
      const lineStart = text.lastIndexOf('\n', start - 1) + 1
      const gap = flow === true ? ', ' : `${lineBreakNear(text, start)}${' '.repeat(start - lineStart)}`
      edits.push({ start, end: start, content: `expires: ${end}${gap}` })
    }
  }
  return edits
}

/** Edits one key of a sound YAML text; every character that the fix is not about stays. */
export function fixKey(text: string, fix: KeyFix, roles: Roles): FixedText {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const body = text.slice(mark.length)
  try {
    const edits = editsOf(body, fix, roles)
    if (edits === null) return null
    const sorted = edits.toSorted((a, b) => b.start - a.start)
    const edited = sorted.reduce(
      (done, { start, end, content }) => done.slice(0, start) + content + done.slice(end),
      body,
    )
    return { text: mark + edited }
  } catch (error) {
    if (error instanceof LeaveAlone) return { why: error.message }
    throw error
  }
}

/** Without what a fix may move: places. */
function meaning(state: unknown): unknown {
  return JSON.parse(
    JSON.stringify(state, (name, value: unknown) => (name === 'position' ? undefined : value)),
  )
}

interface State {
  readonly keys: readonly {
    readonly keyId: string
    readonly rotation: unknown
  }[]
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
  return isDeepStrictEqual(meaning({ ...before, keys }), meaning(after))
}
