import { lineBreakNear } from '../model/line-break.ts'
import type { KeyFix } from '../model/fix.ts'
import { formatLifetime } from '../model/lifetime.ts'
import type { Permissions } from '../model/permission.ts'
import { anchorOf, declaredKeys, isFlow, isList, isMapping, spanOf } from './declared-keys.ts'
import { type TextEdit, type WrittenItem, editList } from './edit-list.ts'
import { quoted } from './quoted.ts'
import { type Child, contentSpan } from './yaml-events.ts'

export type Roles = ReadonlyMap<string, Permissions>

/** The edits that make a fix, or why the key is left alone; null where the text does not declare it. */
export type Fixing = readonly TextEdit[] | { readonly why: string } | null

/** A text that is parsed once, for any number of fixes. */
export interface FixableText {
  readonly keyIds: Iterable<string>
  /** Every character that the fix is not about stays. The edits of different keys do not meet. */
  editsFor(fix: KeyFix, roles: Roles): Fixing
}

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

class LeaveAlone extends Error {}

const asList = (names: readonly string[]) => `[${names.map(quoted).join(', ')}]`

function replacement(child: Child, name: string, content: string): TextEdit {
  const span = spanOf(child)
  if (span === null) throw new LeaveAlone(`its ${name} are written in a way that cannot be edited safely`)
  return { ...span, content }
}

/** Edits one text of valid YAML, without its byte order mark. */
export function fixableText(text: string): FixableText {
  const keys = declaredKeys(text)

  function listEdits(list: Child, name: string, names: (written: readonly string[]) => readonly string[]) {
    const anchor = anchorOf(list, text)
    if (anchor !== null) throw new LeaveAlone(`others may refer to its ${name} by &${anchor}`)
    const written = [...keys.entries(list).values()].map((item): WrittenItem => {
      const [said, span] = [keys.textOf(item), spanOf(item)]
      if (said === null || span === null) throw new LeaveAlone(`its ${name} are not plain lists`)
      return { name: said, ...span }
    })
    const kept = names(written.map(each => each.name))
    const edits = editList(text, written, kept, isFlow(list) ? 'flow' : 'block')
    if (edits === null) throw new LeaveAlone(`its ${name} are written in a way that cannot be edited safely`)
    return edits
  }

  function editsFor({ keyId, permissions, scope, expires }: KeyFix, roles: Roles): Fixing {
    const declared = keys.find(keyId)
    if (declared === null) return null
    if (!isMapping(declared)) throw new LeaveAlone('its declaration is shared with another place')
    const fields = keys.entries(declared)
    const changed = (name: string, names: (written: readonly string[]) => readonly string[]) => {
      const value = fields.get(name)
      if (value === undefined) throw new LeaveAlone(`its ${name} are not written in its own declaration`)
      return isList(value) ? listEdits(value, name, names) : [replacement(value, name, asList(names([])))]
    }
    const edits: TextEdit[] = []
    if (permissions !== null) edits.push(...changed('permissions', each => wanted(each, permissions, roles)))
    if (scope !== null) edits.push(...changed('scope', () => scope))
    if (expires === null) return edits
    const end = formatLifetime(expires)
    const value = fields.get('expires')
    const [any] = fields.values()
    const first = (fields.get('permissions') ?? any)?.key
    const start = (first && contentSpan(first))?.start
    if (value !== undefined) edits.push(replacement(value, 'expires', end))
    else if (start !== undefined) {
      const indent = ' '.repeat(start - (text.lastIndexOf('\n', start - 1) + 1))
      const gap = isFlow(declared) ? ', ' : `${lineBreakNear(text, start)}${indent}`
      edits.push({ start, end: start, content: `expires: ${end}${gap}` })
    }
    return edits
  }

  return {
    keyIds: keys.keyIds,
    editsFor(fix, roles) {
      try {
        return editsFor(fix, roles)
      } catch (error) {
        if (error instanceof LeaveAlone) return { why: error.message }
        throw error
      }
    },
  }
}

/** The text with all of the edits, none of which meet. */
export function edited(text: string, edits: readonly TextEdit[]): string {
  const pieces: string[] = []
  let at = 0
  for (const { start, end, content } of edits.toSorted((a, b) => a.start - b.start)) {
    pieces.push(text.slice(at, start), content)
    at = end
  }
  return pieces.join('') + text.slice(at)
}
